/****** Mi offline push parameters start ******/
// Use your certificate ID in the Mi Push certificate information on the IM console.
public static final long XM_PUSH_BUZID = 6666;
// APPID and APPKEY assigned by the Mi open platform
public static final String XM_PUSH_APPID = "1234512345123451234";
public static final String XM_PUSH_APPKEY = "1234512345123";
/****** Mi offline push parameters end ******/
