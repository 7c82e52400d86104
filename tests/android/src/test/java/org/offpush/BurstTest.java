package org.offpush;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import android.app.Notification;
import android.app.NotificationChannel;
import android.app.NotificationManager;
import android.os.Build;
import android.service.notification.StatusBarNotification;

import org.json.JSONObject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Many messages on a platform with its real limits. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = {23, 28, 34, 35}, application = SampleApplication.class, shadows = PlatformBar.class)
public class BurstTest {
    /** The engine hands over at most so many at a time. */
    private static final int AT_A_TIME = 64;

    private Phone phone;
    private Notifications notifications;
    /** By number, every outcome in order. */
    private final Map<Long, List<Integer>> outcomes = new TreeMap<Long, List<Integer>>();
    private final Map<Long, String> reasons = new HashMap<Long, String>();
    private final Map<Long, JSONObject> kept = new HashMap<Long, JSONObject>();
    private final List<Long> falselyShown = new ArrayList<Long>();
    private int waiting;

    @Before
    public void setUp() throws Exception {
        phone = new Phone();
        PlatformBar.clear();
        final Core core = Core.get(phone.app);
        notifications = new Notifications(phone.app, core.handler, core.status, core.settings, new Channels(phone.app),
                new Clicks(phone.app, core.status), new Notifications.Outcomes() {
                    @Override
                    public void presented(long sequence, int outcome, String reason) {
                        List<Integer> all = outcomes.get(sequence);
                        if (all == null) {
                            all = new ArrayList<Integer>();
                            outcomes.put(sequence, all);
                            waiting--;
                        }
                        all.add(outcome);
                        reasons.put(sequence, reason);
                        if (outcome == Notifications.SHOWN && !stands(sequence)) {
                            falselyShown.add(sequence);
                        }
                    }
                }, new Notifications.Source() {
                    @Override
                    public JSONObject message(long sequence) {
                        return kept.get(sequence);
                    }
                });
    }

    @After
    public void tearDown() throws Exception {
        phone.close();
    }

    private boolean stands(long sequence) {
        for (StatusBarNotification one : phone.notifications().getActiveNotifications()) {
            if (one.getNotification().extras.getLong(Looks.SEQUENCE, -1) == sequence) {
                return true;
            }
        }
        return false;
    }

    private static JSONObject message(long number, int notifyId) {
        return Json.of("id", "m" + number, "title", "t" + number, "description", "d", "notifyId", notifyId);
    }

    /** On the core's thread, as the daemon's messages come. */
    private void present(final long number, final int notifyId) throws Exception {
        kept.put(number, message(number, notifyId));
        waiting++;
        on(new Runnable() {
            @Override
            public void run() {
                notifications.present(number, kept.get(number), false);
            }
        });
    }

    private void on(Runnable work) throws Exception {
        Phone.core().handler.post(work);
        phone.settle();
    }

    /** Messages 1 to {@code last}, as the engine hands them over, until each has an outcome. */
    private void burst(int last, boolean sameId) throws Exception {
        for (int number = 1; number <= last; number++) {
            for (int waited = 0; waiting >= AT_A_TIME; waited++) {
                assertTrue("no outcome for a minute", waited < 6_000);
                phone.pass(10);
            }
            present(number, sameId ? 0 : number);
        }
        pass(10_000);
        assertEquals("each has an outcome", last, outcomes.size());
    }

    private void pass(long millis) throws Exception {
        for (long passed = 0; passed < millis; passed += 50) {
            phone.pass(50);
        }
    }

    private int count(int outcome) {
        int count = 0;
        for (List<Integer> all : outcomes.values()) {
            count += Collections.frequency(all, outcome);
        }
        return count;
    }

    private Notification summary() {
        for (StatusBarNotification one : phone.notifications().getActiveNotifications()) {
            if (one.getTag() == null && one.getNotification().number > 0) {
                return one.getNotification();
            }
        }
        return null;
    }

    /** A person swipes a notification away, or clicks it. */
    private void leaves(final StatusBarNotification one) throws Exception {
        phone.notifications().cancel(one.getTag(), one.getId());
        on(new Runnable() {
            @Override
            public void run() {
                notifications.promoteSoon();
            }
        });
    }

    /** Of 1,000 messages at once none is falsely called shown and none is lost: 19 stand there, the summary counts the rest. */
    @Test
    public void a_thousand_at_once_are_shown_or_folded() throws Exception {
        burst(1_000, false);
        assertEquals(Collections.emptyList(), falselyShown);
        assertEquals(1_000, count(Notifications.SHOWN) + count(Notifications.FOLDED));
        assertTrue("stood there at once: " + PlatformBar.most, PlatformBar.most <= 20);
        assertEquals(0, PlatformBar.dropped);
        assertEquals(0, PlatformBar.withoutChannel);
        assertEquals(19, phone.bar().size());
        // Those that gave their place to newer ones are behind it too.
        assertEquals(1_000 - 19, summary().number);
        assertTrue(String.valueOf(summary().extras.getCharSequence(Notification.EXTRA_TEXT)).startsWith("+981  t"));
    }

    /** Places that become free go to the newest folded messages, without a sound; each is then shown, and counted no more. */
    @Test
    public void a_folded_message_gets_a_free_place_and_is_shown() throws Exception {
        burst(100, false);
        StatusBarNotification[] there = phone.notifications().getActiveNotifications();
        int left = 0;
        for (StatusBarNotification one : there) {
            if (one.getTag() != null && left < 5) {
                leaves(one);
                left++;
            }
        }
        pass(5_000);
        assertEquals(Collections.emptyList(), falselyShown);
        assertEquals(19, phone.bar().size());
        assertTrue("stood there at once: " + PlatformBar.most, PlatformBar.most <= 20);
        int promoted = 0;
        for (Map.Entry<Long, List<Integer>> one : outcomes.entrySet()) {
            if (one.getValue().equals(Arrays.asList(Notifications.FOLDED, Notifications.SHOWN))) {
                promoted++;
                assertTrue(stands(one.getKey()));
            }
        }
        assertEquals(5, promoted);
        assertEquals(100 - 19 - 5, summary().number);
    }

    /** The summary can go without taking the messages beside it along, and goes when nothing is behind it any more. */
    @Test
    public void the_summary_goes_alone() throws Exception {
        burst(25, false);
        assertNotNull(summary());
        on(new Runnable() {
            @Override
            public void run() {
                notifications.takeFolded();
            }
        });
        pass(3_000);
        assertNull(summary());
        assertEquals(19, phone.bar().size());
    }

    /** If the app fills the platform's cap by itself, messages wait: none is called shown, and they come once there is room. */
    @Test
    public void over_the_platforms_cap_messages_wait() throws Exception {
        for (int id = 0; id < PlatformBar.CAP; id++) {
            own(id);
        }
        pass(1_000);
        present(1, 1);
        pass(10_000);
        assertEquals(Collections.singletonList(Notifications.LATER), outcomes.get(1L));
        assertTrue(PlatformBar.dropped > 0);
        phone.notifications().cancel("own", 7);
        pass(1_000);
        // The daemon hands it over again.
        present(1, 1);
        pass(1_000);
        assertEquals(Arrays.asList(Notifications.LATER, Notifications.SHOWN), outcomes.get(1L));
        assertEquals(Collections.emptyList(), falselyShown);
    }

    /** While the app's own quick updates make the platform shed ours, the newer message is not called shown; later it is. */
    @Test
    @Config(sdk = {28, 34, 35})
    public void a_shed_update_is_not_shown_until_it_stands_there() throws Exception {
        present(1, 5);
        pass(2_000);
        assertEquals(Collections.singletonList(Notifications.SHOWN), outcomes.get(1L));
        for (int update = 0; update < 60; update++) {
            own(update);
            phone.pass(20);
            phone.notifications().cancel("own", update);
            if (update == 40) {
                present(2, 5);
            }
        }
        assertTrue("shed: " + PlatformBar.shed, PlatformBar.shed > 0);
        assertNull(outcomes.get(2L));
        pass(6_000);
        assertEquals(Collections.singletonList(Notifications.SHOWN), outcomes.get(2L));
        assertEquals(Collections.emptyList(), falselyShown);
        assertTrue(stands(2));
    }

    /** Of many messages with one id the last stands there; what stood there before stays shown, the others are blocked, and say why. */
    @Test
    public void the_same_id_replaces_and_what_was_shown_stays_shown() throws Exception {
        burst(300, true);
        assertEquals(1, phone.bar().size());
        assertTrue(stands(300));
        assertNull(summary());
        assertEquals(Collections.singletonList(Notifications.SHOWN), outcomes.get(1L));
        assertEquals(Collections.singletonList(Notifications.SHOWN), outcomes.get(300L));
        assertEquals(Collections.emptyList(), falselyShown);
        assertEquals(300, count(Notifications.SHOWN) + count(Notifications.BLOCKED));
        assertTrue(reasons.get(200L), reasons.get(200L).contains("same notifyId"));
    }

    /** A folded message whose id is used again is gone from behind the summary, and never comes up after the newer one. */
    @Test
    public void a_folded_message_is_replaced_too() throws Exception {
        burst(25, false);
        long folded = -1;
        for (Map.Entry<Long, List<Integer>> one : outcomes.entrySet()) {
            folded = one.getValue().contains(Notifications.FOLDED) ? one.getKey() : folded;
        }
        int before = summary().number;
        present(26, (int) folded);
        pass(3_000);
        assertEquals(Arrays.asList(Notifications.FOLDED, Notifications.CANCELLED), outcomes.get(folded));
        // The newer one took the oldest one's place, which is behind the summary now.
        assertTrue(stands(26));
        assertEquals(before, summary().number);
    }

    /** A message that is withdrawn leaves the bar or the summary, and does not come back. */
    @Test
    public void a_withdrawn_message_leaves() throws Exception {
        burst(25, false);
        final int before = summary().number;
        for (Map.Entry<Long, List<Integer>> one : outcomes.entrySet()) {
            final long number = one.getKey();
            if (one.getValue().contains(Notifications.FOLDED)) {
                on(new Runnable() {
                    @Override
                    public void run() {
                        notifications.cancel(number);
                    }
                });
            }
        }
        present(26, 26);
        on(new Runnable() {
            @Override
            public void run() {
                // Not seen in the bar yet.
                notifications.cancel(26);
            }
        });
        pass(5_000);
        assertEquals(Collections.singletonList(Notifications.CANCELLED), outcomes.get(26L));
        assertTrue(before + " and now " + summary(), summary() == null || summary().number < before);
        assertTrue(!stands(26));
    }

    /** The app's own. */
    private void own(int id) {
        Notification.Builder builder;
        if (Build.VERSION.SDK_INT >= 26) {
            phone.notifications().createNotificationChannel(
                    new NotificationChannel("own", "own", NotificationManager.IMPORTANCE_LOW));
            builder = new Notification.Builder(phone.app, "own");
        } else {
            builder = new Notification.Builder(phone.app);
        }
        phone.notifications().notify("own", id, builder.setSmallIcon(1).build());
    }
}
