package org.offpush;

import android.app.Service;
import android.app.job.JobParameters;
import android.app.job.JobService;
import android.content.Context;
import android.content.Intent;
import android.os.IBinder;

import java.util.HashSet;
import java.util.Set;

/**
 * The jobs' service. Manifests name a class that extends Service; JobScheduler asks for its binder alone, which a
 * JobService within provides.
 */
public abstract class JobRunner extends Service {
    /** Milliseconds without anything to do after which a job is over. */
    private static final long QUIET = 5_000;
    /** Milliseconds for which a job stays at most; Android ends it after 10 minutes, on 5 and 6 after one. */
    private static final long LONGEST = 50_000;
    private static final long LOOK = 1_000;

    private Delegate delegate;

    @Override
    public void onCreate() {
        super.onCreate();
        delegate = new Delegate();
        delegate.attach(this);
    }

    @Override
    public IBinder onBind(Intent intent) {
        return delegate.onBind(intent);
    }

    /** The job service within. */
    static final class Delegate extends JobService {
        private final Set<Integer> running = new HashSet<Integer>();

        private void attach(Context context) {
            // JobService asks its context for the main thread.
            attachBaseContext(context);
        }

        @Override
        public boolean onStartJob(JobParameters parameters) {
            Core core = Core.get(this);
            if (core == null) {
                Core.waitForUnlock(this);
                return false;
            }
            core.resume("job");
            if (core.presence.stays()) {
                return false;
            }
            synchronized (running) {
                running.add(parameters.getJobId());
            }
            drain(core, parameters, 0);
            return true;
        }

        @Override
        public boolean onStopJob(JobParameters parameters) {
            synchronized (running) {
                running.remove(parameters.getJobId());
            }
            // Only the alarm's job is lost by this; the others come again by themselves.
            return parameters.getJobId() == Jobs.WAKE;
        }

        private void drain(final Core core, final JobParameters parameters, final long since) {
            core.handler.postDelayed(new Runnable() {
                @Override
                public void run() {
                    boolean mine;
                    synchronized (running) {
                        mine = running.contains(parameters.getJobId());
                    }
                    if (!mine) {
                        leave(core);
                    } else if (core.bridge.isQuiet(QUIET) || since >= LONGEST || !core.daemon.runs()) {
                        synchronized (running) {
                            running.remove(parameters.getJobId());
                        }
                        leave(core);
                        jobFinished(parameters, false);
                    } else {
                        drain(core, parameters, since + LOOK);
                    }
                }
            }, LOOK);
        }

        /** The last job takes the connection with it, unless a service came meanwhile. */
        private void leave(Core core) {
            boolean last;
            synchronized (running) {
                last = running.isEmpty();
            }
            if (last && !core.presence.isThere()) {
                core.stop("between two jobs");
            }
        }
    }
}
