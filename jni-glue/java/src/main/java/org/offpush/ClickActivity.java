package org.offpush;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.os.Bundle;

import com.xiaomi.mipush.sdk.MiPushMessage;
import com.xiaomi.mipush.sdk.PushMessageHelper;

import org.json.JSONObject;

/**
 * Behind every notification of ours: records the click and opens the target. It shows nothing and is gone at once. What
 * is not signed by this installation opens nothing.
 */
public abstract class ClickActivity extends Activity {
    @Override
    protected void onCreate(Bundle saved) {
        super.onCreate(saved);
        if (saved == null) {
            follow(getIntent());
        }
        finish();
    }

    @Override
    protected void onNewIntent(Intent intent) {
        super.onNewIntent(intent);
        follow(intent);
        finish();
    }

    private void follow(Intent intent) {
        JSONObject click = Callers.open(this, intent, Names.CLICK_ACTIVITY);
        if (click == null) {
            Client.stranger(this, Names.CLICK_ACTIVITY);
            return;
        }
        JSONObject message = click.optJSONObject("message");
        if (message == null) {
            Client.send(this, Json.of("do", "click-folded"));
        } else {
            Client.send(this, Json.of("do", "click", "id", message.optString("id")));
            if (click.has("button")) {
                Notifications.remove(this, Pick.ofId(message.optInt("notifyId")));
            }
        }
        open(click.optJSONObject("target"), message);
    }

    private void open(JSONObject target, JSONObject message) {
        String problem = null;
        try {
            String type = target.optString("type");
            if (type.equals("web")) {
                startActivity(PageGate.web(target.optString("url")));
                return;
            }
            if (type.equals("page")) {
                PageGate gate = new PageGate(this, Config.of(this).pages);
                Intent page = target.has("className") ? gate.activity(target.optString("className"))
                        : gate.page(target.optString("intentUri"));
                startActivity(with(page, message));
                return;
            }
        } catch (PageGate.Refused refused) {
            problem = refused.getMessage();
        } catch (ActivityNotFoundException missing) {
            problem = "nothing on this phone opens it";
        } catch (SecurityException denied) {
            problem = "Android does not let the app open it: " + denied.getMessage();
        }
        if (problem != null) {
            AppLog.log("a click opens the app instead of what the message says: " + problem);
            Client.send(this, Json.of("do", "click-refused", "why", problem));
        }
        Intent launcher = getPackageManager().getLaunchIntentForPackage(getPackageName());
        if (launcher != null) {
            startActivity(with(launcher, message));
        }
    }

    /** The message for the opened activity, under the names that Mi Push uses. */
    private Intent with(Intent intent, JSONObject json) {
        if (json == null) {
            return intent;
        }
        MiPushMessage message = Messages.message(json);
        return intent.putExtra(PushMessageHelper.KEY_MESSAGE, message).putExtra("messageId", message.getMessageId())
                .putExtra("mipush_notified", "true");
    }
}
