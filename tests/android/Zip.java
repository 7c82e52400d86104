import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;

/**
 * Lists a zip as its central directory has it, a line an entry: name, compression method (0: stored), where its data
 * begins, and MS-DOS date and time. What the JDK's own reader does not tell.
 *
 * <pre>java Zip.java FILE</pre>
 */
public class Zip {
    /** Signatures and field offsets: PKWARE's APPNOTE 4.3.7 (local header), 4.3.12 (directory), 4.3.16 (its end). */
    private static final int LOCAL = 0x04034b50;
    private static final int ENTRY = 0x02014b50;
    private static final int END = 0x06054b50;

    public static void main(String[] files) throws IOException {
        ByteBuffer zip = ByteBuffer.wrap(Files.readAllBytes(Paths.get(files[0]))).order(ByteOrder.LITTLE_ENDIAN);
        int end = zip.capacity() - 22;
        while (zip.getInt(end) != END) {
            end--;
        }
        int at = zip.getInt(end + 16);
        for (int left = zip.getShort(end + 10) & 0xffff; left > 0; left--) {
            int local = zip.getInt(at + 42);
            if (zip.getInt(at) != ENTRY || zip.getInt(local) != LOCAL) {
                throw new IOException("not an entry at " + at);
            }
            int length = zip.getShort(at + 28) & 0xffff;
            byte[] name = new byte[length];
            zip.position(at + 46);
            zip.get(name);
            int data = local + 30 + (zip.getShort(local + 26) & 0xffff) + (zip.getShort(local + 28) & 0xffff);
            System.out.printf("%s %d %d %04x-%04x%n", new String(name, StandardCharsets.UTF_8), zip.getShort(at + 10), data,
                    zip.getShort(at + 14), zip.getShort(at + 12));
            at += 46 + length + (zip.getShort(at + 30) & 0xffff) + (zip.getShort(at + 32) & 0xffff);
        }
    }
}
