import com.xiaomi.mipush.sdk.MiPushCommandMessage;
import com.xiaomi.mipush.sdk.MiPushMessage;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the two message classes promise: every value survives Java serialization and a Bundle, the version is 1, and the
 * text is the one that apps scrape.
 *
 * <pre>java -cp CLASSES.jar:FRAMEWORK.jar Messages.java</pre>
 */
public class Messages {
    private static int failed;
    private static int checked;

    public static void main(String[] arguments) throws Exception {
        MiPushMessage message = new MiPushMessage();
        fill(message);
        message.setExtra(new HashMap<>(Map.of("ext", "ext content")));
        MiPushCommandMessage command = new MiPushCommandMessage();
        fill(command);

        check("every value of a message survives serialization", values(message), values(copy(message)));
        check("every value of a message survives a Bundle", values(message), values(MiPushMessage.fromBundle(message.toBundle())));
        check("every value of a result survives serialization", values(command), values(copy(command)));
        check("every value of a result survives a Bundle", values(command), values(MiPushCommandMessage.fromBundle(command.toBundle())));
        MiPushMessage empty = new MiPushMessage();
        check("an empty message survives a Bundle", values(empty), values(MiPushMessage.fromBundle(empty.toBundle())));
        check("an empty Bundle is an empty message", values(empty), values(MiPushMessage.fromBundle(new android.os.Bundle())));
        check("an empty Bundle is an empty result", values(new MiPushCommandMessage()),
                values(MiPushCommandMessage.fromBundle(new android.os.Bundle())));
        check("a message's version is 1", 1L, ObjectStreamClass.lookup(MiPushMessage.class).getSerialVersionUID());
        check("a result's version is 1", 1L, ObjectStreamClass.lookup(MiPushCommandMessage.class).getSerialVersionUID());

        Map<String, String> mine = new HashMap<>(Map.of("a", "1"));
        empty.setExtra(mine);
        mine.put("b", "2");
        check("extra is a copy", Map.of("a", "1"), empty.getExtra());
        empty.setExtra(empty.getExtra());
        check("extra may be set to itself", Map.of("a", "1"), empty.getExtra());
        empty.setExtra(null);
        check("no extra is an empty one", Map.of(), empty.getExtra());

        MiPushMessage text = new MiPushMessage();
        text.setMessageId("scm1");
        text.setContent("c");
        text.setDescription("d");
        text.setTitle("t");
        text.setNotified(true);
        text.setNotifyType(7);
        text.setExtra(Map.of("k", "v"));
        check("a message's text is the one that apps know",
                "messageId={scm1},passThrough={0},alias={null},topic={null},userAccount={null},content={c},description={d},"
                        + "title={t},isNotified={true},notifyId={0},notifyType={7}, category={null}, extra={{k=v}}",
                text.toString());
        System.out.println(checked + " checks, " + failed + " failed");
        System.exit(failed == 0 && checked > 0 ? 0 : 1);
    }

    /** Gives each setter a value of its own. */
    private static void fill(Object object) throws Exception {
        int number = 1;
        Method[] methods = object.getClass().getDeclaredMethods();
        Arrays.sort(methods, (one, other) -> one.getName().compareTo(other.getName()));
        for (Method setter : methods) {
            if (setter.getName().startsWith("set")) {
                Class<?> type = setter.getParameterTypes()[0];
                number++;
                Object value = type == String.class ? "text " + number : type == int.class ? (Object) number
                        : type == long.class ? (Object) (70000000000L + number) : type == boolean.class ? (Object) true
                        : type == List.class ? new ArrayList<>(Arrays.asList("one " + number, null)) : new HashMap<String, String>();
                setter.invoke(object, value);
            }
        }
    }

    private static String values(Object object) throws Exception {
        StringBuilder all = new StringBuilder();
        Method[] methods = object.getClass().getDeclaredMethods();
        Arrays.sort(methods, (one, other) -> one.getName().compareTo(other.getName()));
        for (Method getter : methods) {
            if (getter.getParameterCount() == 0 && getter.getName().matches("(get|is).*")) {
                all.append(getter.getName()).append('=').append(getter.invoke(object)).append('\n');
            }
        }
        return all.toString();
    }

    private static Object copy(Object object) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(object);
        return new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    }

    private static void check(String claim, Object wanted, Object found) {
        checked++;
        if (!wanted.equals(found)) {
            failed++;
            System.out.println("not so: " + claim + ": wanted " + wanted + ", found " + found);
        }
    }
}
