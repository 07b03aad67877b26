import java.util.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Set<Object> set = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            set.add(new Main());
        }
        set.forEach(System.out::println);
        System.out.println(List.of(1, 2, 3) + " " + Map.of("a", 1));
    }
}
