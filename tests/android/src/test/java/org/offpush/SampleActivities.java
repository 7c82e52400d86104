package org.offpush;

import android.app.Activity;

/** The sample app's activities. */
public final class SampleActivities {
    private SampleActivities() {
    }

    /** The launcher's. */
    public static class Main extends Activity {
    }

    /** The reference document's page: exported, with a filter. */
    public static class Chat extends Activity {
    }

    /** Neither exported nor with a filter. */
    public static class Inner extends Activity {
    }

    /** Not exported, but with a filter. */
    public static class Filtered extends Activity {
    }
}
