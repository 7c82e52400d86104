package com.tencent.qcloud.tim.uikit.config;

/** Stands for another SDK or for the reference document's demo; empty. */
public class BaseUIKitConfigs {
    public static BaseUIKitConfigs getDefaultConfigs() {
        return new BaseUIKitConfigs();
    }
}
