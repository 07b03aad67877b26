public class Main {
    // ünï
    public static void main(String[] args) {
        System.out.println("tab\there");
    }
}
