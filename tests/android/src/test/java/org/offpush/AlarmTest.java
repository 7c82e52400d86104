package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.AlarmManager;
import android.app.PendingIntent;
import android.app.job.JobInfo;
import android.app.job.JobScheduler;
import android.content.Context;
import android.content.Intent;
import android.os.Looper;
import android.os.PowerManager;
import android.os.SystemClock;

import com.xiaomi.push.service.receivers.PingReceiver;

import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowAlarmManager;
import org.robolectric.shadows.ShadowPowerManager;
import org.robolectric.shadows.ShadowSystemClock;
import org.robolectric.util.ReflectionHelpers;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** The alarm's ladder: exact while idle, inexact while idle, a job; and what its receiver does. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class, shadows = {AlarmTest.Limits.class, AlarmTest.Locks.class})
public class AlarmTest {
    /** Android's refusals at the alarm's own call. */
    @Implements(AlarmManager.class)
    public static class Limits extends ShadowAlarmManager {
        static RuntimeException exact;
        static RuntimeException inexact;

        @Override
        @Implementation
        protected void setExactAndAllowWhileIdle(int type, long trigger, PendingIntent operation) {
            if (exact != null) {
                throw exact;
            }
            super.setExactAndAllowWhileIdle(type, trigger, operation);
        }

        @Override
        @Implementation
        protected void setAndAllowWhileIdle(int type, long trigger, PendingIntent operation) {
            if (inexact != null) {
                throw inexact;
            }
            super.setAndAllowWhileIdle(type, trigger, operation);
        }
    }

    /** Android's refusal of a wake lock. */
    @Implements(PowerManager.WakeLock.class)
    public static class Locks extends ShadowPowerManager.ShadowWakeLock {
        static boolean denied;

        @Override
        @Implementation
        protected void acquire(long timeout) {
            if (denied) {
                throw new SecurityException("Neither user 10001 nor current process has android.permission.WAKE_LOCK.");
            }
            super.acquire(timeout);
        }
    }

    private static final long DEADLINE = 60_000;
    private static final long LATEST = 90_000;

    private Phone phone;
    private Status status;
    private Alarms alarms;

    @Before
    public void setUp() throws Exception {
        phone = new Phone();
        ShadowAlarmManager.setCanScheduleExactAlarms(true);
        status = new Status();
        alarms = new Alarms(phone.app, status, new Jobs(phone.app, status));
    }

    @After
    public void tearDown() throws Exception {
        Limits.exact = null;
        Limits.inexact = null;
        Locks.denied = false;
        phone.close();
    }

    private List<ShadowAlarmManager.ScheduledAlarm> scheduled() {
        return shadowOf((AlarmManager) phone.app.getSystemService(Context.ALARM_SERVICE)).getScheduledAlarms();
    }

    private JobInfo job() {
        JobScheduler scheduler = (JobScheduler) phone.app.getSystemService(Context.JOB_SCHEDULER_SERVICE);
        return shadowOf(scheduler).getPendingJob(Jobs.WAKE);
    }

    private void later(long millis) {
        ShadowSystemClock.advanceBy(Duration.ofMillis(millis));
        shadowOf(Looper.getMainLooper()).idle();
    }

    private void theAlarmIs(long window) {
        assertEquals(1, scheduled().size());
        ShadowAlarmManager.ScheduledAlarm alarm = scheduled().get(0);
        assertEquals(AlarmManager.ELAPSED_REALTIME_WAKEUP, alarm.getType());
        assertEquals(DEADLINE, alarm.getTriggerAtMs());
        assertEquals(window, alarm.getWindowLengthMs());
        assertTrue("also in Doze", alarm.isAllowWhileIdle());
        assertNull("no job besides", job());
    }

    /** Where exact alarms are allowed, the alarm is exact and also goes off in Doze; the status says so. */
    @Test
    public void the_first_rung_is_exact() {
        alarms.set(DEADLINE, LATEST);
        theAlarmIs(ShadowAlarmManager.WINDOW_EXACT);
        assertEquals("exact, also in Doze", status.of(Status.ALARM));
    }

    /** Where the person has taken exact alarms away (12 and later), it is inexact, and the status names the reason. */
    @Test
    @Config(sdk = {34, 35})
    public void without_the_permission_the_alarm_is_inexact() {
        ShadowAlarmManager.setCanScheduleExactAlarms(false);
        alarms.set(DEADLINE, LATEST);
        theAlarmIs(ShadowAlarmManager.WINDOW_HEURISTIC);
        assertTrue(status.of(Status.ALARM), status.of(Status.ALARM).startsWith("inexact (exact alarms are not allowed"));
    }

    /** An exact alarm that is refused although it was allowed a moment ago becomes an inexact one. */
    @Test
    public void a_refusal_at_the_last_moment_steps_down() {
        Limits.exact = new SecurityException("Caller needs to hold SCHEDULE_EXACT_ALARM");
        alarms.set(DEADLINE, LATEST);
        theAlarmIs(ShadowAlarmManager.WINDOW_HEURISTIC);
        assertTrue(status.of(Status.ALARM), status.of(Status.ALARM).startsWith("inexact"));
    }

    /** Where no alarm can be had at all, a job between deadline and latest moment does it. */
    @Test
    public void without_any_alarm_a_job_does_it() {
        Limits.exact = new IllegalStateException("Maximum limit of concurrent alarms 500 reached");
        Limits.inexact = Limits.exact;
        alarms.set(DEADLINE, LATEST);
        assertEquals(0, scheduled().size());
        long now = SystemClock.elapsedRealtime();
        assertEquals(DEADLINE - now, job().getMinLatencyMillis());
        assertEquals(LATEST - now, job().getMaxExecutionDelayMillis());
        assertTrue(status.of(Status.ALARM), status.of(Status.ALARM).contains("a job (Maximum limit"));
        Limits.exact = null;
        alarms.again();
        theAlarmIs(ShadowAlarmManager.WINDOW_EXACT);
    }

    /** Without alarm and without job the status says of both why. */
    @Test
    public void without_alarm_and_job_the_status_says_why() {
        Limits.exact = new IllegalStateException("too many alarms");
        Limits.inexact = Limits.exact;
        shadowOf((JobScheduler) phone.app.getSystemService(Context.JOB_SCHEDULER_SERVICE)).failOnJob(Jobs.WAKE);
        alarms.set(DEADLINE, LATEST);
        assertTrue(status.of(Status.ALARM), status.of(Status.ALARM).contains("too many alarms"));
        assertEquals("no job can be scheduled", status.of(Status.JOBS));
    }

    /** A deadline that is over is due at once, on each rung. */
    @Test
    public void a_deadline_that_is_over_is_due_at_once() throws Exception {
        phone.pass(2 * LATEST);
        Limits.exact = new IllegalStateException("no");
        Limits.inexact = Limits.exact;
        alarms.set(DEADLINE, LATEST);
        assertEquals(0, job().getMinLatencyMillis());
        assertEquals(0, job().getMaxExecutionDelayMillis());
    }

    /** There is one alarm, the last one that was asked for; and none after none was wanted. */
    @Test
    public void a_new_alarm_replaces_the_one_before() {
        alarms.set(10 * DEADLINE, 10 * LATEST);
        alarms.set(DEADLINE, LATEST);
        theAlarmIs(ShadowAlarmManager.WINDOW_EXACT);
        alarms.set(-1, -1);
        assertEquals(0, scheduled().size());
        assertEquals("none is needed", status.of(Status.ALARM));
        alarms.again();
        assertEquals(0, scheduled().size());
    }

    /** When the person allows exact alarms, the alarm that stands becomes exact at once. */
    @Test
    @Config(sdk = {34, 35})
    public void a_permission_that_is_granted_counts_at_once() throws Exception {
        Core core = registered();
        ShadowAlarmManager.setCanScheduleExactAlarms(false);
        core.alarms.set(DEADLINE, LATEST);
        assertEquals(ShadowAlarmManager.WINDOW_HEURISTIC, scheduled().get(0).getWindowLengthMs());
        ShadowAlarmManager.setCanScheduleExactAlarms(true);
        new PingReceiver().onReceive(phone.app,
                new Intent(AlarmManager.ACTION_SCHEDULE_EXACT_ALARM_PERMISSION_STATE_CHANGED));
        phone.settle();
        theAlarmIs(ShadowAlarmManager.WINDOW_EXACT);
    }

    /** The alarm's receiver holds a wake lock when it returns, and lets go of it within five seconds whatever happens. */
    @Test
    public void the_receiver_holds_a_wake_lock_of_its_own() throws Exception {
        Core core = registered();
        // The core's thread is busy: nobody has taken over yet.
        CountDownLatch busy = phone.hold(core);
        alarms.set(DEADLINE, LATEST);
        new PingReceiver().onReceive(phone.app, shadowOf(scheduled().get(0).operation).getSavedIntent());
        assertTrue(lock(core, "alarm").isHeld());
        later(4_000);
        assertTrue(lock(core, "alarm").isHeld());
        later(1_001);
        assertFalse("over", lock(core, "alarm").isHeld());
        busy.countDown();
    }

    /** The daemon takes the lock over: with its own, or by letting go. It never holds one for longer than a minute. */
    @Test
    public void the_daemon_takes_the_wake_lock_over() throws Exception {
        Core core = registered();
        core.locks.handOver();
        core.bridge.wakeLock(30_000);
        assertTrue(lock(core, "daemon").isHeld());
        assertFalse(lock(core, "alarm").isHeld());
        core.bridge.wakeLock(0);
        assertFalse(lock(core, "daemon").isHeld());
        core.bridge.wakeLock(Long.MAX_VALUE);
        later(60_001);
        assertFalse(lock(core, "daemon").isHeld());
    }

    /** Without WAKE_LOCK in the manifest nothing crashes, and the status says what is lost. */
    @Test
    public void a_missing_wake_lock_permission_is_in_the_status() throws Exception {
        Core core = registered();
        Locks.denied = true;
        core.locks.handOver();
        assertTrue(core.page(false), core.page(false).contains("wake lock: the manifest lacks WAKE_LOCK"));
    }

    private static PowerManager.WakeLock lock(Core core, String which) {
        return ReflectionHelpers.getField(core.locks, which);
    }

    private Core registered() throws Exception {
        Core core = Core.get(phone.app);
        core.settings.setApp("1", "2");
        phone.settle();
        return core;
    }
}
