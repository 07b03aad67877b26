public class Main {
    static void depth(int n) {
        if (n == 0) {
            throw new IllegalArgumentException("inner");
        }
        depth(n - 1);
    }

    public static void main(String[] args) throws Exception {
        try {
            depth(3);
        } catch (RuntimeException e) {
            RuntimeException outer = new RuntimeException("outer", e);
            outer.addSuppressed(new java.io.IOException("suppressed"));
            throw outer;
        }
    }
}
