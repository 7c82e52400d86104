package com.xiaomi.mipush.sdk;

import com.xiaomi.push.service.module.PushChannelRegion;

/**
 * Options of a registration, as apps of the published API give them. They are kept and change nothing: the manifest
 * names the servers, and no other vendor's push service is used.
 */
public class PushConfiguration {
    private PushChannelRegion region;
    private boolean openHmsPush;
    private boolean openFCMPush;
    private boolean openCOSPush;
    private boolean openFTOSPush;

    /** The defaults: {@link PushChannelRegion#China}, no other vendor's push service. */
    public PushConfiguration() {
        this(new PushConfigurationBuilder());
    }

    private PushConfiguration(PushConfigurationBuilder builder) {
        region = builder.region == null ? PushChannelRegion.China : builder.region;
        openHmsPush = builder.openHmsPush;
        openFCMPush = builder.openFCMPush;
        openCOSPush = builder.openCOSPush;
        openFTOSPush = builder.openFTOSPush;
    }

    /** The region chosen. */
    public PushChannelRegion getRegion() {
        return region;
    }

    /** Sets {@link #getRegion()}. */
    public void setRegion(PushChannelRegion region) {
        this.region = region;
    }

    /** Whether the app asked for Huawei's push service. */
    public boolean getOpenHmsPush() {
        return openHmsPush;
    }

    /** Sets {@link #getOpenHmsPush()}. */
    public void setOpenHmsPush(boolean openHmsPush) {
        this.openHmsPush = openHmsPush;
    }

    /** Whether the app asked for Google's push service. */
    public boolean getOpenFCMPush() {
        return openFCMPush;
    }

    /** Sets {@link #getOpenFCMPush()}. */
    public void setOpenFCMPush(boolean openFCMPush) {
        this.openFCMPush = openFCMPush;
    }

    /** Whether the app asked for OPPO's push service. */
    public boolean getOpenCOSPush() {
        return openCOSPush;
    }

    /** Sets {@link #getOpenCOSPush()}. */
    public void setOpenCOSPush(boolean openCOSPush) {
        this.openCOSPush = openCOSPush;
    }

    /** Whether the app asked for vivo's push service. */
    public boolean getOpenFTOSPush() {
        return openFTOSPush;
    }

    /** Sets {@link #getOpenFTOSPush()}. */
    public void setOpenFTOSPush(boolean openFTOSPush) {
        this.openFTOSPush = openFTOSPush;
    }

    /** Collects the options. */
    public static class PushConfigurationBuilder {
        private PushChannelRegion region;
        private boolean openHmsPush;
        private boolean openFCMPush;
        private boolean openCOSPush;
        private boolean openFTOSPush;

        /** Chooses the region; null is {@link PushChannelRegion#China}. */
        public PushConfigurationBuilder region(PushChannelRegion region) {
            this.region = region;
            return this;
        }

        /** Asks for Huawei's push service. */
        public PushConfigurationBuilder openHmsPush(boolean open) {
            openHmsPush = open;
            return this;
        }

        /** Asks for Google's push service. */
        public PushConfigurationBuilder openFCMPush(boolean open) {
            openFCMPush = open;
            return this;
        }

        /** Asks for OPPO's push service. */
        public PushConfigurationBuilder openCOSPush(boolean open) {
            openCOSPush = open;
            return this;
        }

        /** Asks for vivo's push service. */
        public PushConfigurationBuilder openFTOSPush(boolean open) {
            openFTOSPush = open;
            return this;
        }

        /** The options collected. */
        public PushConfiguration build() {
            return new PushConfiguration(this);
        }
    }
}
