import java.util.*;

public class Main {
    public static void main(String[] args) {
        int x = "text";
        List<String> list = new ArrayList<Integer>();
        undefined(list);
        return 1;
    }
}
