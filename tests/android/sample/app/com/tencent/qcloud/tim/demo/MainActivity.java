package com.tencent.qcloud.tim.demo;

import android.app.Activity;
import android.content.Intent;
import android.os.Bundle;

import com.tencent.imsdk.TIMCallBack;
import com.tencent.imsdk.TIMManager;
import com.tencent.qcloud.tim.demo.thirdpush.ThirdPushTokenMgr;

/** What a person opens. Its intent may say who logs in: extras "user" and "sig"; or, with "logout", that they log out. */
public class MainActivity extends Activity {
    @Override
    protected void onCreate(Bundle savedInstanceState) {
        super.onCreate(savedInstanceState);
        obey(getIntent());
    }

    @Override
    protected void onNewIntent(Intent intent) {
        super.onNewIntent(intent);
        obey(intent);
    }

    private void obey(Intent intent) {
        if (intent.hasExtra("logout")) {
            TIMManager.getInstance().logout(null);
        } else if (intent.hasExtra("user")) {
            TIMManager.getInstance().login(intent.getStringExtra("user"), intent.getStringExtra("sig"), new TIMCallBack() {
                @Override
                public void onError(int code, String desc) {
                }

                @Override
                public void onSuccess() {
                    // "After the user has successfully logged in": step 4.
                    ThirdPushTokenMgr.getInstance().setPushTokenToTIM();
                }
            });
        }
    }
}
