package com.xiaomi.push.service;

import org.offpush.JobRunner;

/** The push service's jobs, in the process {@code :pushservice}. The name is the one that manifests carry. */
public class XMJobService extends JobRunner {
}
