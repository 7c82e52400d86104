package com.xiaomi.push.service;

import org.offpush.PushService;

/** The push service, in the process {@code :pushservice}. The name is the one that manifests carry. */
public class XMPushService extends PushService {
}
