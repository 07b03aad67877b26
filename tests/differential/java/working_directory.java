// kiln: {"files": {"data/note.txt": "a note"}}
public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(new java.io.File(".").getCanonicalPath());
        System.out.println(java.nio.file.Files.readString(java.nio.file.Path.of("data/note.txt")));
        String[] names = new java.io.File(".").list();
        java.util.Arrays.sort(names);
        System.out.println(String.join(" ", names));
    }
}
