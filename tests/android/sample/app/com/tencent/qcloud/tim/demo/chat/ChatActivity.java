package com.tencent.qcloud.tim.demo.chat;

import android.app.Activity;
import android.content.Intent;
import android.net.Uri;
import android.os.Bundle;
import android.util.Log;

import com.tencent.imsdk.TIMConversation;
import com.tencent.imsdk.TIMMessage;
import com.tencent.imsdk.TIMMessageOfflinePushSettings;
import com.tencent.imsdk.TIMValueCallBack;
import com.xiaomi.mipush.sdk.MiPushMessage;
import com.xiaomi.mipush.sdk.PushMessageHelper;

import java.util.Map;

/** Around the reference document's lines for an in-app page and for custom content. */
public class ChatActivity extends Activity {
    private static final String TAG = "ChatActivity";

    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        received();
    }

    @Override
    protected void onNewIntent(Intent intent) {
        super.onNewIntent(intent);
        setIntent(intent);
        received();
    }

    /** "Open specified in-app page, 2.": the text to enter at the console. */
    String intentUri() {
        Intent intent = new Intent(this, ChatActivity.class);
        intent.setData(Uri.parse("pushscheme://com.tencent.qcloud.tim/detail"));
        intent.addFlags(Intent.FLAG_ACTIVITY_CLEAR_TOP);
        String intentUri = intent.toUri(Intent.URI_INTENT_SCHEME);
        Log.i(TAG, "intentUri = " + intentUri);
        return intentUri;
    }

    /** "Custom Content Pass Through, Step 2", where the page was opened by a message. */
    private void received() {
        if (!getIntent().hasExtra(PushMessageHelper.KEY_MESSAGE)) {
            return;
        }
        Bundle bundle = getIntent().getExtras();
        MiPushMessage miPushMessage = (MiPushMessage)bundle.getSerializable(PushMessageHelper.KEY_MESSAGE);
        Map<String, String> extra = miPushMessage.getExtra(); // Edit 4: a raw Map has no String in it.
        String extContent = extra.get("ext");
        Log.d(TAG, "opened ext: " + extContent);
    }

    /** "Custom Content Pass Through, Step 1": what the sender does. */
    void send(TIMMessage timMessage, TIMConversation mConversation, TIMValueCallBack<TIMMessage> callback) {
        String extContent = "ext content";
        TIMMessageOfflinePushSettings settings = new TIMMessageOfflinePushSettings();
        settings.setExt(extContent.getBytes());
        timMessage.setOfflinePushSettings(settings);
        mConversation.sendMessage(false, timMessage, callback);
    }
}
