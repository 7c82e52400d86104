package com.tencent.imsdk;

/** Where this phone can be reached: the certificate's number and the regId. */
public class TIMOfflinePushToken {
    private long bussid;
    private String token;

    /** {@code bussid}: the number that the console gave the certificate; {@code token}: the regId. */
    public TIMOfflinePushToken(long bussid, String token) {
        this.bussid = bussid;
        this.token = token;
    }

    /** The certificate's number. */
    public long getBussid() {
        return bussid;
    }

    /** Sets {@link #getBussid()}. */
    public void setBussid(long bussid) {
        this.bussid = bussid;
    }

    /** The regId. */
    public String getToken() {
        return token;
    }

    /** Sets {@link #getToken()}. */
    public void setToken(String token) {
        this.token = token;
    }
}
