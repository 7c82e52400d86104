package org.offpush;

import android.content.ComponentName;
import android.content.Context;
import android.content.Intent;
import android.content.pm.ActivityInfo;
import android.content.pm.PackageManager;
import android.content.pm.ResolveInfo;
import android.net.Uri;
import android.os.Bundle;

import com.xiaomi.mipush.sdk.PushMessageHelper;

import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Which pages a message may open. It judges the Intent that Android itself parsed, so no second parser can differ.
 *
 * <p>Let through is an activity of this app that was made to be opened from outside: exported, or with an intent filter
 * that the intent matches, or named in the manifest's {@code offpush.pages}.
 */
final class PageGate {
    /** Characters of an intent URI: as much as a message's own content. */
    private static final int LONGEST_URI = 4096;
    private static final int MOST_EXTRAS = 32;
    private static final int LONGEST_EXTRA = 1024;
    /** FLAG_GRANT_READ, WRITE, PERSISTABLE and PREFIX: access to the app's own content. */
    private static final int GRANTS = 0xc3;
    private static final Set<String> SCHEMES = new HashSet<String>(Arrays.asList("file", "content", "javascript", "data",
            "jar", "about", "intent", "android-app"));
    /** Extras that say who opened a page: only the library sets them. */
    private static final Set<String> RESERVED = new HashSet<String>(Arrays.asList(PushMessageHelper.KEY_MESSAGE,
            PushMessageHelper.KEY_COMMAND, "messageId", "mipush_notified", "eventMessageType", "pushTargetComponent"));

    private final Context context;
    private final List<String> allowed;

    PageGate(Context context, List<String> allowed) {
        this.context = context;
        this.allowed = allowed;
    }

    /** Why a page is not opened. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super(why);
        }
    }

    /** The intent to start for this text. */
    Intent page(String uri) throws Refused {
        if (uri.length() > LONGEST_URI) {
            throw new Refused("the intent URI is longer than " + LONGEST_URI + " characters");
        }
        if (!uri.startsWith("intent:")) {
            // Android would make a VIEW of anything else, and of android-app: a package of its own choice.
            throw new Refused("it is no intent URI: it does not begin with intent:");
        }
        Intent intent;
        try {
            intent = Intent.parseUri(uri, Intent.URI_INTENT_SCHEME);
        } catch (URISyntaxException wrong) {
            throw new Refused("Android cannot read the intent URI: " + wrong.getMessage());
        } catch (RuntimeException wrong) {
            // NumberFormatException leaves parseUri in places.
            throw new Refused("Android cannot read the intent URI: " + wrong.getMessage());
        }
        return judge(intent);
    }

    /** The intent to start for an activity's name. */
    Intent activity(String className) throws Refused {
        return judge(new Intent(Intent.ACTION_VIEW).setClassName(context.getPackageName(), className));
    }

    Intent judge(Intent intent) throws Refused {
        String own = context.getPackageName();
        if (intent.getSelector() != null) {
            throw new Refused("it has a selector");
        }
        if ((intent.getFlags() & GRANTS) != 0) {
            throw new Refused("it asks for access to content");
        }
        if (intent.getPackage() != null && !intent.getPackage().equals(own)) {
            throw new Refused("it is for another app, " + intent.getPackage());
        }
        ComponentName component = intent.getComponent();
        if (component != null && !component.getPackageName().equals(own)) {
            throw new Refused("it is for another app, " + component.getPackageName());
        }
        Uri data = intent.getData();
        if (data != null && (data.getScheme() == null || SCHEMES.contains(data.getScheme().toLowerCase(Locale.ROOT)))) {
            throw new Refused("its data has the scheme " + data.getScheme());
        }
        Intent made = new Intent(intent.getAction());
        made.setDataAndType(data, intent.getType());
        if (intent.getCategories() != null) {
            for (String category : intent.getCategories()) {
                made.addCategory(category);
            }
        }
        extras(intent.getExtras(), made);
        made.setPackage(own);
        made.setComponent(component);
        made.setFlags(intent.getFlags() & ~GRANTS | Intent.FLAG_ACTIVITY_NEW_TASK);
        return resolve(made, component);
    }

    /** Only plain values are in an intent URI; those of ours are not taken from it. */
    private static void extras(Bundle extras, Intent made) throws Refused {
        if (extras == null) {
            return;
        }
        if (extras.size() > MOST_EXTRAS) {
            throw new Refused("it has more than " + MOST_EXTRAS + " extras");
        }
        Bundle kept = new Bundle(extras);
        for (String key : extras.keySet()) {
            Object value = extras.get(key);
            if (RESERVED.contains(key)) {
                kept.remove(key);
            } else if (key.length() > LONGEST_EXTRA
                    || value instanceof String && ((String) value).length() > LONGEST_EXTRA) {
                throw new Refused("one of its extras is longer than " + LONGEST_EXTRA + " characters");
            }
        }
        made.putExtras(kept);
    }

    private Intent resolve(Intent intent, ComponentName component) throws Refused {
        PackageManager packages = context.getPackageManager();
        ResolveInfo found = packages.resolveActivity(intent, 0);
        ActivityInfo activity = found == null ? null : found.activityInfo;
        if (activity == null || !activity.packageName.equals(context.getPackageName())) {
            throw new Refused("no activity of this app answers to it");
        }
        if (activity.name.equals(Names.CLICK_ACTIVITY)) {
            throw new Refused("it is for the library's own activity");
        }
        if (allowed != null ? !allowed.contains(activity.name) : !activity.exported && !hasFilter(intent, activity)) {
            throw new Refused(activity.name + (allowed != null ? " is not among the manifest's offpush.pages"
                    : " is not exported, and has no intent filter for it"));
        }
        return intent.setClassName(activity.packageName, activity.name);
    }

    /** Whether the activity would be found for this intent without being named. */
    private boolean hasFilter(Intent intent, ActivityInfo activity) {
        Intent implicit = new Intent(intent).setComponent(null).setPackage(context.getPackageName());
        for (ResolveInfo found : context.getPackageManager().queryIntentActivities(implicit, 0)) {
            if (found.activityInfo.name.equals(activity.name)) {
                return true;
            }
        }
        return false;
    }

    /** The intent to open a web page: http and https alone. */
    static Intent web(String url) throws Refused {
        Uri uri = Uri.parse(url.trim());
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new Refused("a web page's address begins with http:// or https://");
        }
        if (uri.getHost() == null || uri.getHost().isEmpty() || uri.getUserInfo() != null) {
            throw new Refused("the web page's address names no host, or a user");
        }
        Intent intent = new Intent(Intent.ACTION_VIEW, uri.normalizeScheme()).addCategory(Intent.CATEGORY_BROWSABLE);
        return intent.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK);
    }
}
