import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;

/**
 * Compares compiled classes with a list of what they should offer (mipush.txt), entry by entry, by what javap says.
 *
 * <pre>java Surface.java LIST CLASSES.jar FRAMEWORK.jar</pre>
 *
 * Prints one line for each entry that is missing, extra or different, then how many entries there are. Exit 0: none.
 */
public class Surface {
    /** Packages that the list leaves out of names. */
    private static final Pattern SHORT = Pattern.compile("\\b(?:java\\.lang|java\\.util|java\\.io"
            + "|android\\.content(?=\\.(?:Context|Intent)\\b)|android\\.os|com\\.xiaomi\\.mipush\\.sdk)\\.(?=[A-Z])");
    private static final ToolProvider JAVAP = ToolProvider.findFirst("javap").orElseThrow();

    /** What a class is and has. A member's key is what makes it that member; its value the whole line. */
    private static final class Type {
        String kind = "";
        boolean open;
        final TreeSet<String> supertypes = new TreeSet<>();
        final Map<String, String> members = new LinkedHashMap<>();
    }

    private final String classPath;
    private final Map<String, Type> loaded = new TreeMap<>();
    private int entries;
    private int wrong;

    private Surface(String classPath) {
        this.classPath = classPath;
    }

    public static void main(String[] arguments) throws IOException {
        Surface surface = new Surface(arguments[1] + java.io.File.pathSeparator + arguments[2]);
        Map<String, Type> listed = read(Path.of(arguments[0]));
        for (Map.Entry<String, Type> type : listed.entrySet()) {
            surface.compare(type.getKey(), type.getValue());
        }
        surface.unlisted(listed, arguments[1]);
        System.out.println(surface.entries + " entries of " + listed.size() + " classes, " + surface.wrong + " wrong");
        System.exit(surface.wrong == 0 && surface.entries > 0 ? 0 : 1);
    }

    private static Map<String, Type> read(Path list) throws IOException {
        Map<String, Type> types = new LinkedHashMap<>();
        Type type = null;
        for (String line : Files.readAllLines(list, StandardCharsets.UTF_8)) {
            if (line.startsWith("class ")) {
                type = new Type();
                String[] words = line.split(" ");
                for (int word = 2; word < words.length; word++) {
                    if (words[word].equals("...")) {
                        type.open = true;
                    } else if (words[word].equals(">")) {
                        type.supertypes.add(words[++word]);
                    } else {
                        type.kind = words[word];
                    }
                }
                types.put(words[1], type);
            } else if (!line.isBlank() && !line.startsWith("#")) {
                add(type, line.trim());
            }
        }
        return types;
    }

    private static void add(Type type, String member) {
        // A field is known by its name, a method by its name and what it takes.
        String head = member.replaceAll(" = .*", "");
        int open = head.indexOf('(');
        String name = (open < 0 ? head : head.substring(0, open)).replaceAll(".* ", "");
        type.members.put(open < 0 ? name : name + head.substring(open), member);
    }

    private void compare(String name, Type wanted) {
        Type found = load(name);
        entries++;
        if (found == null) {
            say("missing", name, "the class");
            entries += wanted.members.size();
            return;
        }
        if (!found.kind.equals(wanted.kind)) {
            say("different", name, "is \"" + found.kind + "\", should be \"" + wanted.kind + "\"");
        }
        TreeSet<String> above = supertypes(found, new TreeSet<>());
        for (String supertype : wanted.supertypes) {
            entries++;
            if (!above.contains(supertype)) {
                say("missing", name, "> " + supertype);
            }
        }
        for (Map.Entry<String, String> member : wanted.members.entrySet()) {
            entries++;
            String other = found.members.get(member.getKey());
            if (other == null) {
                say("missing", name, member.getValue());
            } else if (!other.equals(member.getValue())) {
                say("different", name, other + ", should be " + member.getValue());
            }
        }
        for (Map.Entry<String, String> member : found.members.entrySet()) {
            if (!wanted.open && !wanted.members.containsKey(member.getKey())) {
                say("extra", name, member.getValue());
            }
        }
    }

    /** Public classes under the published names that are not listed. */
    private void unlisted(Map<String, Type> listed, String jar) throws IOException {
        List<String> names = new ArrayList<>();
        try (JarFile file = new JarFile(jar)) {
            file.stream().map(entry -> entry.getName()).filter(entry -> entry.startsWith("com/xiaomi/") && entry.endsWith(".class"))
                    .map(entry -> entry.substring(0, entry.length() - 6).replace('/', '.')).sorted().forEach(names::add);
        }
        for (String name : names) {
            if (!listed.containsKey(name) && load(name) != null) {
                say("extra", name, "the class");
            }
        }
    }

    private TreeSet<String> supertypes(Type type, TreeSet<String> above) {
        for (String supertype : type.supertypes) {
            if (above.add(supertype)) {
                Type next = load(supertype.replaceAll("<.*", ""));
                if (next != null) {
                    supertypes(next, above);
                }
            }
        }
        return above;
    }

    /** A public class as javap shows it; null if there is none. */
    private Type load(String name) {
        String full = name.contains(".") ? name : "com.xiaomi.mipush.sdk." + name;
        if (!loaded.containsKey(full)) {
            loaded.put(full, javap(full));
        }
        return loaded.get(full);
    }

    private Type javap(String name) {
        StringWriter out = new StringWriter();
        PrintWriter sink = new PrintWriter(out);
        if (JAVAP.run(sink, new PrintWriter(new StringWriter()), "-public", "-constants", "-cp", classPath, name) != 0) {
            return null;
        }
        Type type = null;
        for (String line : out.toString().split("\n")) {
            Matcher header = Pattern.compile("^public (.*?)(class|interface) [^ <{]+(<[^{]*?>)?( extends (.*?))?( implements (.*?))? \\{$").matcher(line);
            if (header.matches()) {
                type = new Type();
                String parents = (header.group(5) == null ? "" : header.group(5)) + "," + (header.group(7) == null ? "" : header.group(7));
                for (String parent : parents.split(",")) {
                    if (!parent.isEmpty()) {
                        type.supertypes.add(shorten(parent));
                    }
                }
                boolean isEnum = parents.startsWith("java.lang.Enum");
                type.kind = isEnum ? "enum" : header.group(2).equals("interface") ? "interface"
                        : header.group(1).contains("abstract") ? "abstract" : "";
            } else if (type != null && line.startsWith("  public ") && !isConstructor(line, name)) {
                add(type, shorten(line.trim().substring("public ".length()).replaceAll(";$", "").replaceAll(" throws .*", "")
                        .replaceAll("\\b(abstract|synchronized|native|default) ", "")));
            }
        }
        return type;
    }

    private static boolean isConstructor(String line, String name) {
        return line.trim().startsWith("public " + name + "(");
    }

    private static String shorten(String text) {
        return SHORT.matcher(text).replaceAll("");
    }

    private void say(String what, String name, String entry) {
        wrong++;
        System.out.println(what + ": " + name + ": " + entry);
    }
}
