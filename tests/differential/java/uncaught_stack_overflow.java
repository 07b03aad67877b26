public class Main {
    static int depth;

    static void recurse(int n) {
        depth = n;
        recurse(n + 1);
    }

    public static void main(String[] args) throws Exception {
        try {
            recurse(0);
        } catch (StackOverflowError e) {
            System.out.println("caught " + (depth > 1000) + " " + e.getStackTrace().length);
        }
    }
}
