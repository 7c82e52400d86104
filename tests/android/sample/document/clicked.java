Map extra = miPushMessage.getExtra();
String extContent = extra.get("ext");
