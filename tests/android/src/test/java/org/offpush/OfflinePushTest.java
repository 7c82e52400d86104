package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.xiaomi.mipush.sdk.MiPushClient;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowAlarmManager;

import java.util.ArrayList;
import java.util.List;

/** What an app asks about its connection, and is told, at a real gateway. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class)
public class OfflinePushTest extends GatewayTest {
    /** Milliseconds of a loss that counts. */
    private static final long LASTING = 600_000;

    /** Keeps what it is told. */
    private static final class Losses implements OfflinePush.LossListener {
        final List<String> told = new ArrayList<>();

        @Override
        public void onLost(OfflinePush.State state) {
            told.add("lost: " + state);
        }

        @Override
        public void onBack() {
            told.add("back");
        }
    }

    private OfflinePush.State state() throws Exception {
        List<OfflinePush.State> states = new ArrayList<>();
        OfflinePush.state(phone.app, states::add);
        phone.until("the state", () -> !states.isEmpty());
        return states.get(0);
    }

    private String page() throws Exception {
        List<String> pages = new ArrayList<>();
        OfflinePush.inspect(phone.app, pages::add);
        phone.until("the page", () -> !pages.isEmpty());
        return pages.get(0);
    }

    private void until(String name) throws Exception {
        phone.until("the state " + name, () -> state().name.equals(name));
        phone.settle();
    }

    /** The state and the page say whether there is a connection, since when, and why there is none. */
    @Test
    public void the_state_says_why_there_is_no_connection() throws Exception {
        assertEquals("not-running (the app has not registered)", state().toString());
        assertTrue(page(), page().contains("the app has not registered"));
        ShadowAlarmManager.setCanScheduleExactAlarms(true);
        register();
        connected();
        OfflinePush.State connected = state();
        assertTrue(connected.toString(), connected.isConnected() && connected.since > 0);
        assertNull(connected.reason, connected.reason);
        assertTrue(page(), page().startsWith("Connected"));
        MiPushClient.disablePush(phone.app);
        until("not-running");
        assertFalse(state().isConnected());
        assertTrue(state().reason, state().reason.contains("disablePush") || state().reason.contains("switched"));
    }

    /** A loss is told once it has lasted as long as was asked for, with why; so is its end. */
    @Test
    public void a_lasting_loss_is_told_once_and_so_is_its_end() throws Exception {
        register();
        connected();
        Losses losses = new Losses();
        OfflinePush.watch(phone.app, LASTING, losses);
        phone.settle();
        MiPushClient.disablePush(phone.app);
        until("not-running");
        phone.pass(LASTING / 2);
        assertEquals("too early", 0, losses.told.size());
        phone.pass(LASTING / 2);
        assertEquals(losses.told.toString(), 1, losses.told.size());
        assertTrue(losses.told.get(0), losses.told.get(0).startsWith("lost: not-running ("));
        phone.pass(10 * LASTING);
        assertEquals("once", 1, losses.told.size());
        MiPushClient.enablePush(phone.app);
        connected();
        phone.until("the end of the loss", () -> losses.told.size() == 2);
        assertEquals("back", losses.told.get(1));
    }

    /** A loss that ends before, and what happens after the end of watching, is told to nobody. */
    @Test
    public void a_short_loss_is_told_to_nobody() throws Exception {
        register();
        connected();
        Losses losses = new Losses();
        OfflinePush.Watch watch = OfflinePush.watch(phone.app, LASTING, losses);
        phone.settle();
        MiPushClient.disablePush(phone.app);
        until("not-running");
        phone.pass(LASTING / 2);
        MiPushClient.enablePush(phone.app);
        connected();
        until("connected");
        phone.pass(2 * LASTING);
        assertEquals(losses.told.toString(), 0, losses.told.size());
        watch.stop();
        watch.stop();
        MiPushClient.disablePush(phone.app);
        until("not-running");
        phone.pass(2 * LASTING);
        assertEquals(losses.told.toString(), 0, losses.told.size());
    }

    /** A loss that has lasted already when watching begins is told at once. */
    @Test
    public void a_loss_from_before_is_told_too() throws Exception {
        Losses losses = new Losses();
        OfflinePush.watch(phone.app, 0, losses);
        phone.until("the loss", () -> !losses.told.isEmpty());
        assertEquals("lost: not-running (the app has not registered)", losses.told.get(0));
    }
}
