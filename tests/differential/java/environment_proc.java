// kiln: {"env": {"ONE": "1"}}
public class Main {
    public static void main(String[] args) throws Exception {
        String text = new String(java.nio.file.Files.readAllBytes(java.nio.file.Path.of("/proc/self/environ")));
        System.out.println(text.replace('\0', '\n').strip());
    }
}
