// kiln: {"env": {"ONE": "1", "EMPTY": "", "WIDE": "ünïcode", "EQUALS": "a=b=c"}}
import java.util.TreeMap;

public class Main {
    public static void main(String[] args) throws Exception {
        new TreeMap<>(System.getenv()).forEach((name, value) -> System.out.println(name + "=" + value));
    }
}
