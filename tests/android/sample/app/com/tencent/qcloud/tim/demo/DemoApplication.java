package com.tencent.qcloud.tim.demo;

import android.app.Application;

import com.tencent.qcloud.tim.demo.utils.Constants;
import com.tencent.qcloud.tim.demo.utils.HMSAgent;
import com.tencent.qcloud.tim.demo.utils.IMFunc;
import com.tencent.qcloud.tim.demo.utils.MzSystemUtils;
import com.tencent.qcloud.tim.demo.utils.PushClient;
import com.tencent.qcloud.tim.demo.utils.PushManager;
import com.tencent.qcloud.tim.demo.utils.SessionWrapper;
import com.tencent.qcloud.tim.uikit.TUIKit;
import com.tencent.qcloud.tim.uikit.config.BaseUIKitConfigs;
import com.xiaomi.mipush.sdk.MiPushClient;

public class DemoApplication extends Application {

    private static DemoApplication instance;

    @Override
    public void onCreate() {
        super.onCreate();
        // Determine whether this is the main thread.
        if (SessionWrapper.isMainProcess(getApplicationContext())) {
            /**
             * Initialization function of TUIKit
             *
             * @param context  app context, usually corresponds to `ApplicationContext`.
             * @param sdkAppID The `SDKAppID` assigned to you when registering the app in Tencent Cloud
             * @param configs  Relevant configuration items of TUIKit. Usually, you can use the default configuration. For special configuration, refer to the API Documentation.
             */
            long current = System.currentTimeMillis();
            TUIKit.init(this, Constants.SDKAPPID, BaseUIKitConfigs.getDefaultConfigs());
            System.out.println(">>>>>>>>>>>>>>>>>>"+(System.currentTimeMillis()-current));
            // Add custom initialization configuration.
            customConfig();
            System.out.println(">>>>>>>>>>>>>>>>>>"+(System.currentTimeMillis()-current));

            if(true){ // Edit 3: every phone, not Xiaomi's alone.
                // Mi offline push
                MiPushClient.registerPush(this, Constants.XM_PUSH_APPID, Constants.XM_PUSH_APPKEY);
            }
            if(IMFunc.isBrandHuawei()){
                // Huawei offline push
                HMSAgent.init(this);
            }
            if(MzSystemUtils.isBrandMeizu(this)){
                // Meizu offline push
                PushManager.register(this, Constants.MZ_PUSH_APPID, Constants.MZ_PUSH_APPKEY);
            }
            if(IMFunc.isBrandVivo()){
                // vivo offline push
                PushClient.getInstance(getApplicationContext()).initialize();
            }
        }
        instance = this;
    }

    /** The app's own: where the reference document says no more. */
    private void customConfig() {
    }
}
