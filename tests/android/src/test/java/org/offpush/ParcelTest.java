package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import android.content.Intent;
import android.os.Bundle;
import android.os.Parcel;

import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.MiPushMessage;
import com.xiaomi.mipush.sdk.PushMessageHelper;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Messages and results through the framework's own Parcel, as they travel between processes. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class ParcelTest {
    private static MiPushMessage message() {
        MiPushMessage message = new MiPushMessage();
        message.setMessageId("scm1");
        message.setMessageType(MiPushMessage.MESSAGE_TYPE_ALIAS);
        message.setContent("内容 \uD83D\uDE00 \u0000");
        message.setAlias("alias");
        message.setTopic("topic");
        message.setUserAccount("account");
        message.setPassThrough(1);
        message.setNotifyType(7);
        message.setNotifyId(-3);
        message.setNotified(true);
        message.setArrivedMessage(true);
        message.setTitle("title");
        message.setDescription("description");
        message.setCategory("category");
        Map<String, String> extra = new HashMap<String, String>();
        extra.put("ext", "x");
        extra.put("empty", "");
        message.setExtra(extra);
        return message;
    }

    private static void same(MiPushMessage expected, MiPushMessage actual) {
        assertEquals(expected.toString(), actual.toString());
        assertEquals(expected.getMessageType(), actual.getMessageType());
        assertEquals(expected.isArrivedMessage(), actual.isArrivedMessage());
        assertEquals(expected.getExtra(), actual.getExtra());
        assertEquals(expected.getContent(), actual.getContent());
    }

    private static void same(MiPushCommandMessage expected, MiPushCommandMessage actual) {
        assertEquals(expected.toString(), actual.toString());
        assertEquals(expected.getAutoMarkPkgs(), actual.getAutoMarkPkgs());
        assertEquals(expected.getCommandArguments(), actual.getCommandArguments());
    }

    /** What another process reads of a bundle that this one wrote. */
    private static Bundle across(Bundle bundle) {
        Parcel parcel = Parcel.obtain();
        try {
            parcel.writeBundle(bundle);
            byte[] bytes = parcel.marshall();
            Parcel other = Parcel.obtain();
            other.unmarshall(bytes, 0, bytes.length);
            other.setDataPosition(0);
            Bundle read = other.readBundle(ParcelTest.class.getClassLoader());
            assertNotNull(read);
            return read;
        } finally {
            parcel.recycle();
        }
    }

    /** A message's bundle holds plain values alone, and brings all of it back. */
    @Test
    public void a_message_comes_back_from_its_bundle() {
        same(message(), MiPushMessage.fromBundle(across(message().toBundle())));
        same(new MiPushMessage(), MiPushMessage.fromBundle(across(new MiPushMessage().toBundle())));
        same(new MiPushMessage(), MiPushMessage.fromBundle(new Bundle()));
    }

    /** A message under KEY_MESSAGE of an intent arrives whole in another process. */
    @Test
    public void a_message_travels_in_an_intent() {
        Intent intent = new Intent("a").putExtra(PushMessageHelper.KEY_MESSAGE, message());
        Parcel parcel = Parcel.obtain();
        intent.writeToParcel(parcel, 0);
        parcel.setDataPosition(0);
        Intent read = Intent.CREATOR.createFromParcel(parcel);
        read.setExtrasClassLoader(ParcelTest.class.getClassLoader());
        same(message(), (MiPushMessage) read.getSerializableExtra(PushMessageHelper.KEY_MESSAGE));
        parcel.recycle();
    }

    /** A result comes back from its bundle and from an intent, also without arguments. */
    @Test
    public void a_result_comes_back() {
        MiPushCommandMessage result = PushMessageHelper.generateCommandMessage("set-alias", Arrays.asList("a", "b"), 22022,
                "why", "category", Arrays.asList("p"));
        same(result, MiPushCommandMessage.fromBundle(across(result.toBundle())));
        Bundle bundle = new Bundle();
        bundle.putSerializable(PushMessageHelper.KEY_COMMAND, result);
        same(result, (MiPushCommandMessage) across(bundle).getSerializable(PushMessageHelper.KEY_COMMAND));
        MiPushCommandMessage empty = MiPushCommandMessage.fromBundle(across(new MiPushCommandMessage().toBundle()));
        assertNull(empty.getCommandArguments());
        assertEquals(0, empty.getResultCode());
    }

    /** Values of other types in a bundle are no fault: what cannot be read keeps its default. */
    @Test
    public void odd_bundles_are_no_fault() {
        Bundle odd = new Bundle();
        odd.putInt("messageId", 1);
        odd.putString("notifyId", "x");
        odd.putString("isNotified", "true");
        odd.putInt("extra", 3);
        odd.putInt("commandArguments", 3);
        odd.putString("resultCode", "x");
        MiPushMessage message = MiPushMessage.fromBundle(odd);
        assertNull(message.getMessageId());
        assertEquals(0, message.getNotifyId());
        assertTrue(message.getExtra().isEmpty());
        assertNull(MiPushCommandMessage.fromBundle(odd).getCommandArguments());
    }

    /** toString is the form that apps know from the logs. */
    @Test
    public void to_string_is_the_known_form() {
        MiPushMessage message = new MiPushMessage();
        message.setMessageId("scm1");
        message.setContent("c");
        message.setNotified(true);
        message.setNotifyType(7);
        message.setExtra(java.util.Collections.singletonMap("k", "v"));
        assertEquals("messageId={scm1},passThrough={0},alias={null},topic={null},userAccount={null},content={c},"
                + "description={null},title={null},isNotified={true},notifyId={0},notifyType={7}, category={null}, "
                + "extra={{k=v}}", message.toString());
    }
}
