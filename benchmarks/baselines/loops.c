/* What a C compiler makes of three loops of the scan: the practical limit on this machine.
 *
 * The same formulas in the same order as kernels_pure, on the same columns, European terms. Each
 * function takes its own time and returns the seconds, so that calling it costs nothing; `answer`
 * receives the number of edges above `floor` and the greatest edge.
 */
#include <math.h>
#include <stdint.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* Conversions and reversals of every row. */
double conversions_reversals(
    double floor, int64_t n_expiries, const int64_t *first, const double *restrict strike,
    const double *restrict receive, const double *restrict pay, const double *stock_pay,
    const double *stock_receive, const double *borrow, const double *lend, const double *div_in,
    const double *owed, double *restrict edge, double *answer) {
    double start = now(), best = -INFINITY;
    int64_t n = first[n_expiries], hits = 0;
    for (int side = 0; side < 2; side++) {
        for (int64_t e = 0; e < n_expiries; e++) {
            if (side == 0)
                for (int64_t row = first[e]; row < first[e + 1]; row++)
                    edge[row] = (borrow[e] * strike[row] + div_in[e])
                                - (stock_pay[e] + pay[n + row] - receive[row]);
            else
                for (int64_t row = first[e]; row < first[e + 1]; row++)
                    edge[row] = stock_receive[e] + receive[n + row] - pay[row]
                                - (lend[e] * strike[row] + owed[e]);
        }
        for (int64_t row = 0; row < n; row++) {
            hits += edge[row] > floor;
            best = edge[row] > best ? edge[row] : best;
        }
    }
    answer[0] = hits;
    answer[1] = best;
    return now() - start;
}

/* Long and short boxes; a row is passed over when even its best partner gives no edge. */
double boxes(
    double floor, int64_t n_expiries, const int64_t *first, const double *restrict strike,
    const double *restrict receive, const double *restrict pay, const double *borrow,
    const double *lend, double *restrict low, double *restrict high, double *answer) {
    double start = now(), best = -INFINITY;
    int64_t n = first[n_expiries], hits = 0;
    for (int side = 0; side < 2; side++) {
        for (int64_t e = 0; e < n_expiries; e++)
            for (int64_t row = first[e]; row < first[e + 1]; row++) {
                double worth = (side == 0 ? borrow[e] : lend[e]) * strike[row];
                double call = receive[row] - pay[n + row], put = receive[n + row] - pay[row];
                low[row] = side == 0 ? put - worth : call + worth;
                high[row] = side == 0 ? call + worth : put - worth;
            }
        for (int64_t e = 0; e < n_expiries; e++) {
            double top = -INFINITY;
            for (int64_t i = first[e + 1] - 1; i >= first[e]; i--) {
                double reach = low[i] + top;
                best = reach > best ? reach : best;
                if (reach > floor)
                    for (int64_t j = i + 1; j < first[e + 1]; j++) hits += low[i] + high[j] > floor;
                top = high[i] > top ? high[i] : top;
            }
        }
    }
    answer[0] = hits;
    answer[1] = best;
    return now() - start;
}

/* Lower convex hull of the asks of every expiry, and its height at every strike; `answer` receives
 * the number of vertices and the sum of the heights. */
double lower_hulls(
    double unused, int64_t n_expiries, const int64_t *first, const double *restrict x,
    const double *restrict y, double *restrict value, int64_t *restrict vertex, double *answer) {
    double start = now(), seconds, sum = 0.0;
    int64_t total = 0;
    (void)unused;
    for (int64_t e = 0; e < n_expiries; e++) {
        int64_t count = 0, i = first[e];
        for (; i < first[e + 1]; i++) {
            if (!(y[i] < INFINITY)) continue;
            while (count >= 2) {
                int64_t a = vertex[count - 2], b = vertex[count - 1];
                if ((y[b] - y[a]) * (x[i] - x[a]) < (y[i] - y[a]) * (x[b] - x[a])) break;
                count--;
            }
            vertex[count++] = i;
        }
        i = first[e];
        for (int64_t v = 0; v < count; v++) {
            int64_t b = vertex[v];
            double slope = v ? (y[b] - y[vertex[v - 1]]) / (x[b] - x[vertex[v - 1]]) : NAN;
            for (; i < b; i++) value[i] = y[b] - slope * (x[b] - x[i]);
            value[i++] = y[b];
        }
        for (; i < first[e + 1]; i++) value[i] = NAN;
        total += count;
    }
    seconds = now() - start;
    for (int64_t i = 0; i < first[n_expiries]; i++) sum += value[i] == value[i] ? value[i] : 0.0;
    answer[0] = total;
    answer[1] = sum;
    return seconds;
}
