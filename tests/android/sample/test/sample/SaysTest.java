package sample;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;

/** An app in which something is missing: the log or the status page says what, in the words of {@code sample.words}. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 34)
public class SaysTest {
    /** What is missing is said after the start, without anything being asked. */
    @Test
    public void it_says_what_is_missing() throws Exception {
        new Handset().untilSaid(System.getProperty("sample.words"));
    }
}
