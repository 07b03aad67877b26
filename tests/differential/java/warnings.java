import java.util.*;

public class Main {
    @Deprecated
    static void old() {}

    public static void main(String[] args) {
        List list = new ArrayList();
        list.add(1);
        new Date(2020, 1, 1);
        Thread.currentThread().stop(); 
    }
}
