import java.util.*;

public class Main {
    public static void main(String[] args) throws Exception {
        List<byte[]> kept = new ArrayList<>();
        try {
            while (true) {
                kept.add(new byte[1 << 20]);
            }
        } catch (OutOfMemoryError e) {
            int count = kept.size();
            kept = null;
            System.out.println(count + " " + e);
        }
    }
}
