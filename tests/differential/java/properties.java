// kiln: {"args": ["an argument"]}
import java.util.TreeMap;

public class Main {
    public static void main(String[] args) throws Exception {
        new TreeMap<>(System.getProperties()).forEach((name, value) -> System.out.println(name + "=" + value));
    }
}
