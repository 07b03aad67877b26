// kiln: {"files": {"Other.java": "class Other { String name() { return getClass().getName(); } }"}}
public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(new Other().name());
    }
}
