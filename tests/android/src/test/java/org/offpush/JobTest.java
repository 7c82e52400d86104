package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.job.IJobCallback;
import android.app.job.IJobService;
import android.app.job.JobInfo;
import android.app.job.JobParameters;
import android.app.job.JobScheduler;
import android.app.job.JobService;
import android.content.Context;
import android.content.Intent;

import com.xiaomi.push.service.XMJobService;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.annotation.Implements;

import java.lang.reflect.Constructor;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;

/** The jobs, asked through the binder as JobScheduler does, at a real gateway. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class, shadows = JobTest.Real.class)
public class JobTest extends GatewayTest {
    /** Robolectric's own keeps from JobScheduler that a job is finished; this one changes nothing. */
    @Implements(JobService.class)
    public static class Real {
    }

    /** What JobScheduler is told. */
    private final List<String> told = new CopyOnWriteArrayList<String>();

    private final IJobCallback.Stub scheduler = new IJobCallback.Stub() {
        @Override
        public void acknowledgeStartMessage(int id, boolean ongoing) {
            told.add("started " + id + " " + ongoing);
        }

        @Override
        public void acknowledgeStopMessage(int id, boolean reschedule) {
            told.add("stopped " + id + " " + reschedule);
        }

        @Override
        public void jobFinished(int id, boolean reschedule) {
            told.add("finished " + id + " " + reschedule);
        }

        @Override
        public void acknowledgeGetTransferredDownloadBytesMessage(int id, int work, long bytes) {
            throw new AssertionError("not asked for");
        }

        @Override
        public void acknowledgeGetTransferredUploadBytesMessage(int id, int work, long bytes) {
            throw new AssertionError("not asked for");
        }

        @Override
        public android.app.job.JobWorkItem dequeueWork(int id) {
            throw new AssertionError("there is no work in a queue");
        }

        @Override
        public boolean completeWork(int id, int work) {
            throw new AssertionError("there is no work in a queue");
        }

        @Override
        public void updateEstimatedNetworkBytes(int id, android.app.job.JobWorkItem item, long down, long up) {
            throw new AssertionError("nothing is estimated");
        }

        @Override
        public void updateTransferredNetworkBytes(int id, android.app.job.JobWorkItem item, long down, long up) {
            throw new AssertionError("nothing is told");
        }

        @Override
        public void setNotification(int id, int notification, android.app.Notification shown, int policy) {
            throw new AssertionError("a job shows nothing of its own");
        }
    };

    private IJobService binder() {
        return IJobService.Stub.asInterface(
                Robolectric.buildService(XMJobService.class).create().get().onBind(new Intent()));
    }

    /** The parameters of a job, whatever this Android's constructor takes. */
    private JobParameters job(int id) throws Exception {
        for (Constructor<?> constructor : JobParameters.class.getDeclaredConstructors()) {
            Class<?>[] types = constructor.getParameterTypes();
            if (types.length < 4 || types[0] != android.os.IBinder.class) {
                continue;
            }
            Object[] values = new Object[types.length];
            for (int i = 0; i < types.length; i++) {
                values[i] = types[i] == boolean.class ? (Object) false : types[i] == int.class ? (Object) 0 : null;
            }
            values[0] = scheduler;
            // The id is the first number.
            for (int i = 0; i < types.length; i++) {
                if (types[i] == int.class) {
                    values[i] = id;
                    break;
                }
            }
            return (JobParameters) constructor.newInstance(values);
        }
        throw new AssertionError("no constructor of JobParameters is known");
    }

    private JobInfo pending(int id) {
        return shadowOf((JobScheduler) phone.app.getSystemService(Context.JOB_SCHEDULER_SERVICE)).getPendingJob(id);
    }

    private void hears(final String line) throws Exception {
        phone.until("JobScheduler hears \"" + line + "\"; " + told, new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return told.contains(line);
            }
        });
    }

    /** Android lets no service start, of whatever kind. */
    private void inTheBackground() {
        SampleApplication.background = new IllegalStateException("Not allowed to start service Intent: app is in background");
        SampleApplication.foreground = refusal();
    }

    /** From 12 on there is a class for it. */
    private static IllegalStateException refusal() {
        return android.os.Build.VERSION.SDK_INT < 31 ? new IllegalStateException("Not allowed to start service Intent")
                : new android.app.ForegroundServiceStartNotAllowedException("startForegroundService() not allowed");
    }

    /** Registered, and then the process was killed. */
    private String registeredAndKilled() throws Exception {
        String regId = register();
        phone.kill();
        SampleReceiver.CALLS.clear();
        return regId;
    }

    /** Where no service may start, a restarted process lives by a job every 15 minutes; the status says so and why. */
    @Test
    public void without_a_service_a_job_does_its_work() throws Exception {
        registeredAndKilled();
        inTheBackground();
        Core.get(phone.app).resume("boot");
        phone.settle();
        JobInfo job = pending(Jobs.KEEP);
        assertTrue(job.isPeriodic());
        assertEquals(15 * 60_000L, job.getIntervalMillis());
        assertEquals(JobInfo.NETWORK_TYPE_ANY, job.getNetworkType());
        assertTrue("also after the next boot", job.isPersisted());
        assertEquals(Names.JOB_SERVICE, job.getService().getClassName());
        String words = Phone.core().status.of(Status.SERVICE);
        assertTrue(words, words.startsWith("a job every 15 minutes: "));
        if (android.os.Build.VERSION.SDK_INT >= 26) {
            assertEquals("it was asked as a foreground service", 1, SampleApplication.FOREGROUND.get());
            assertTrue(words, words.contains("Android does not allow it from the background now"));
        }
    }

    /** A job connects, shows what has waited, says that it is finished, and takes the connection with it. */
    @Test
    public void a_job_connects_drains_and_leaves() throws Exception {
        String regId = registeredAndKilled();
        inTheBackground();
        push(regId, "by a job");
        binder().startJob(job(Jobs.KEEP));
        hears("started " + Jobs.KEEP + " true");
        shown("by a job");
        called("arrived");
        connected();
        assertFalse("not while there may be more", told.contains("finished " + Jobs.KEEP + " false"));
        passUntil("finished " + Jobs.KEEP + " false", 20);
        phone.settle();
        assertFalse(Phone.core().daemon.runs());
        assertEquals("does not run: between two jobs", Phone.core().status.of(Status.DAEMON));
        assertNotNull("it comes again", pending(Jobs.KEEP));
    }

    /** Time passes, a second at once, until JobScheduler hears this. */
    private void passUntil(String line, int seconds) throws Exception {
        for (int i = 0; i < seconds && !told.contains(line); i++) {
            phone.pass(1_000);
        }
        hears(line);
    }

    /** Without a connection a job gives up within a minute: before Android ends it. */
    @Test
    public void a_job_without_a_connection_gives_up() throws Exception {
        registeredAndKilled();
        inTheBackground();
        phone.server("https://127.0.0.1:1");
        binder().startJob(job(Jobs.KEEP));
        hears("started " + Jobs.KEEP + " true");
        passUntil("finished " + Jobs.KEEP + " false", 60);
    }

    /** A job that Android stops ends its connection; only the alarm's job is wanted again. */
    @Test
    public void a_stopped_job_leaves() throws Exception {
        registeredAndKilled();
        inTheBackground();
        IJobService binder = binder();
        binder.startJob(job(Jobs.KEEP));
        binder.startJob(job(Jobs.WAKE));
        hears("started " + Jobs.WAKE + " true");
        connected();
        binder.stopJob(job(Jobs.KEEP));
        hears("stopped " + Jobs.KEEP + " false");
        phone.pass(1_000);
        assertTrue("another job still needs it", Phone.core().daemon.runs());
        binder.stopJob(job(Jobs.WAKE));
        hears("stopped " + Jobs.WAKE + " true");
        phone.pass(1_000);
        phone.pass(1_000);
        assertFalse(Phone.core().daemon.runs());
        assertFalse(told.toString(), told.contains("finished " + Jobs.KEEP + " false"));
    }

    /** A service that comes while a job runs keeps the connection, and the quarter-hourly job is over. */
    @Test
    public void a_service_takes_over_from_a_job() throws Exception {
        registeredAndKilled();
        inTheBackground();
        binder().startJob(job(Jobs.KEEP));
        hears("started " + Jobs.KEEP + " true");
        connected();
        SampleApplication.background = null;
        SampleApplication.foreground = null;
        phone.start(null);
        passUntil("finished " + Jobs.KEEP + " false", 20);
        phone.settle();
        assertTrue(Phone.core().daemon.runs());
        assertNull(pending(Jobs.KEEP));
        assertEquals("a foreground service", Phone.core().status.of(Status.SERVICE));
        binder().startJob(job(Jobs.DAILY));
        hears("started " + Jobs.DAILY + " false");
    }

    /** The daily check is scheduled with the first start, once, and brings back a service that was killed for good. */
    @Test
    public void the_daily_job_brings_the_service_back() throws Exception {
        registeredAndKilled();
        JobInfo daily = pending(Jobs.DAILY);
        assertTrue(daily.isPeriodic());
        assertEquals(24 * 60 * 60_000L, daily.getIntervalMillis());
        binder().startJob(job(Jobs.DAILY));
        phone.until("the service is back", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return phone.service() != null;
            }
        });
        connected();
    }

    /** Before 8 nothing is denied: a plain service of the app stays. From 8 on the foreground service is asked for. */
    @Test
    public void a_foreground_service_is_started_where_a_plain_one_is_denied() throws Exception {
        registeredAndKilled();
        SampleApplication.background = android.os.Build.VERSION.SDK_INT < 26 ? null : new IllegalStateException("background");
        Core.get(phone.app).resume("boot");
        phone.until("the service is back", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return phone.service() != null;
            }
        });
        assertEquals(android.os.Build.VERSION.SDK_INT < 26 ? 0 : 1, SampleApplication.FOREGROUND.get());
        assertEquals(Presence.NOTIFICATION, shadowOf(phone.service()).getLastForegroundNotificationId());
        assertNull(pending(Jobs.KEEP));
    }

    /** Commands reach the push service by a broadcast where the app may not start it, and their results come back. */
    @Test
    public void commands_pass_where_no_service_may_start() throws Exception {
        registeredAndKilled();
        inTheBackground();
        com.xiaomi.mipush.sdk.MiPushClient.setAlias(phone.app, "by-broadcast", null);
        phone.until("the alias's result", new Callable<Boolean>() {
            @Override
            public Boolean call() {
                return SampleReceiver.result(com.xiaomi.mipush.sdk.MiPushClient.COMMAND_SET_ALIAS) != null;
            }
        });
    }
}
