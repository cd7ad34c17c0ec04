/* Indicators, a backtest and ticks in C: the same results as kernels_pure, as a C programmer would
 * write them, without rows of nan in the middle and without a state to go on from. Each function
 * takes its own time and returns the seconds; what it writes is compared column by column.
 */
#include <math.h>
#include <stdint.h>
#include <time.h>

#define STILL 1e-8
#define EQUAL (1.0 + 1e-10)

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

double sma(
    double unused, int64_t n, const double *restrict x, const double *settings,
    double *restrict out, double *answer) {
    double start = now(), total = 0.0;
    int64_t period = settings[0];
    double share = 1.0 / period;
    (void)unused, (void)answer;
    for (int64_t i = 0; i < period - 1; i++) total += x[i], out[i] = NAN;
    out[period - 1] = (total += x[period - 1]) * share;
    for (int64_t i = period; i < n; i++) {
        total += x[i] - x[i - period];
        out[i] = total * share;
    }
    return now() - start;
}

double ema(
    double unused, int64_t n, const double *restrict x, const double *settings,
    double *restrict out, double *answer) {
    double start = now(), average = 0.0, a = 2.0 / (settings[0] + 1.0), b = 1.0 - a;
    int64_t period = settings[0];
    (void)unused, (void)answer;
    for (int64_t i = 0; i < period; i++) average += x[i], out[i] = NAN;
    out[period - 1] = average /= period;
    for (int64_t i = period; i < n; i++) out[i] = average = b * average + a * x[i];
    return now() - start;
}

double rsi(
    double unused, int64_t n, const double *restrict x, const double *settings,
    double *restrict out, double *answer) {
    double start = now(), rise = 0.0, fall = 0.0, period = settings[0];
    double keep = (period - 1.0) / period, share = 1.0 / period;
    (void)unused, (void)answer;
    out[0] = NAN;
    for (int64_t i = 1; i < n; i++) {
        double change = x[i] - x[i - 1];
        double up = change > 0.0 ? change : 0.0, down = change < 0.0 ? -change : 0.0;
        if (i <= period) {
            rise += up * share, fall += down * share;
            if (i < period) {
                out[i] = NAN;
                continue;
            }
        } else
            rise = keep * rise + share * up, fall = keep * fall + share * down;
        out[i] = 100.0 * rise / (rise + fall);
    }
    return now() - start;
}

/* Sums about the first value of a block: about zero they would lose the digits. */
double bollinger(
    double unused, int64_t n, const double *restrict x, const double *settings,
    double *restrict middle, double *restrict upper, double *restrict lower, double *answer) {
    double start = now();
    int64_t period = settings[0], block = 512 + 16 * period;
    double share = 1.0 / period;
    (void)unused, (void)answer;
    for (int64_t i = 0; i < period - 1; i++) middle[i] = upper[i] = lower[i] = NAN;
    for (int64_t first = period - 1; first < n; first += block) {
        int64_t last = first + block < n ? first + block : n;
        double shift = x[first], total = 0.0, squares = 0.0;
        for (int64_t i = first - period + 1; i < first; i++) {
            double d = x[i] - shift;
            total += d, squares += d * d;
        }
        double leaving = 0.0;
        for (int64_t i = first; i < last; i++) {
            double d = x[i] - shift;
            total += d - leaving, squares += d * d - leaving * leaving;
            double mean = total * share, variance = squares * share - mean * mean;
            double width = sqrt(variance > 0.0 ? variance : 0.0);
            leaving = x[i - period + 1] - shift;
            middle[i] = shift + mean;
            upper[i] = shift + mean + settings[1] * width;
            lower[i] = shift + mean - settings[2] * width;
        }
    }
    return now() - start;
}

/* One order at the open: the cash after it. */
static inline double cash_after(double cash, double units, double price, const double *account) {
    double side = copysign(1.0, units);
    double paid = price * (1.0 + side * account[5]) + side * account[6];
    return cash - units * paid - (account[4] + fabs(units) * (account[3] + account[2] * paid));
}

/* The crossing of means, filled at the next open; a fixed number of units a target. */
double backtest(
    double unused, int64_t n, const double *restrict open, const double *restrict close,
    const double *settings, const double *restrict account, double *restrict out_cash,
    double *restrict out_position, double *restrict out_equity, double *answer) {
    double start = now(), cash = account[0], position = 0.0, held = 0.0, quick = 0.0, calm = 0.0;
    int64_t fast = settings[0], slow = settings[1], orders = 0;
    double flat = settings[2];
    (void)unused;
    for (int64_t i = slow - fast; i < slow; i++) quick += close[i];
    for (int64_t i = 0; i < slow; i++) {
        calm += close[i];
        out_cash[i] = out_equity[i] = cash, out_position[i] = 0.0;
    }
    for (int64_t i = slow; i < n; i++) {
        double one = quick * slow, other = calm * fast;
        double wanted = one > other * EQUAL ? 1.0 : other > one * EQUAL ? flat : 0.0;
        if (wanted != held) {
            if (position != 0.0 && position * wanted <= 0.0)
                cash = cash_after(cash, -position, open[i], account), position = 0.0, orders++;
            if (wanted != 0.0) {
                double units = wanted * account[1];
                cash = cash_after(cash, units - position, open[i], account);
                position = units, orders++;
            }
            held = wanted;
        }
        out_cash[i] = cash;
        out_position[i] = position;
        out_equity[i] = cash + position * close[i];
        quick += close[i] - close[i - fast];
        calm += close[i] - close[i - slow];
    }
    answer[0] = orders;
    return now() - start;
}

/* The same crossings without columns, for many pairs of windows, one after the other. */
double sweep(
    double unused, int64_t pairs, const double *restrict open, const double *restrict close,
    const int64_t *fast, const int64_t *slow, const double *settings, const double *account,
    double *out_equity, double *out_sharpe, double *out_drawdown, double *out_orders,
    double *answer) {
    double start = now(), flat = settings[0], per_year = settings[1], rate = settings[2];
    int64_t n = settings[3];
    (void)unused, (void)answer;
    for (int64_t r = 0; r < pairs; r++) {
        int64_t f = fast[r], s = slow[r], orders = 0, first = f > s ? f : s;
        double cash = account[0], position = 0.0, held = 0.0, quick = 0.0, calm = 0.0;
        double total = 0.0, squares = 0.0, before = cash, peak = cash, kept = 1.0;
        for (int64_t i = first - f; i < first; i++) quick += close[i];
        for (int64_t i = first - s; i < first; i++) calm += close[i];
        for (int64_t i = first; i < n; i++) {
            double one = quick * s, other = calm * f;
            double wanted = one > other * EQUAL ? 1.0 : other > one * EQUAL ? flat : 0.0;
            if (wanted != held) {
                if (position != 0.0 && position * wanted <= 0.0)
                    cash = cash_after(cash, -position, open[i], account), position = 0.0, orders++;
                if (wanted != 0.0) {
                    double units = wanted * account[1];
                    cash = cash_after(cash, units - position, open[i], account);
                    position = units, orders++;
                }
                held = wanted;
            }
            double equity = cash + position * close[i], gain = equity / before - 1.0;
            total += gain, squares += gain * gain;
            before = equity;
            if (equity > peak)
                peak = equity;
            else if (equity < kept * peak)
                kept = equity / peak;
            quick += close[i] - close[i - f];
            calm += close[i] - close[i - s];
        }
        double mean = total / (n - 1), spread = squares - total * mean;
        out_equity[r] = before, out_drawdown[r] = 1.0 - kept, out_orders[r] = orders;
        out_sharpe[r] = (mean - rate / per_year) / sqrt(spread / (n - 2)) * sqrt(per_year);
    }
    return now() - start;
}

typedef struct {
    double seen, average, mean, squares, flow, volume, weight;
} Instrument;

static inline double signal_of(
    double price, double average, double variance, double flow, double volume) {
    double imbalance = volume > 0.0 ? flow / volume : 0.0, pull = 0.0, gap = price - average;
    if (variance > STILL * STILL * price * price) pull = gap / (sqrt(variance) + fabs(gap));
    return 0.5 * (imbalance + pull);
}

/* A function of its own, as an event loop calls it. */
__attribute__((noinline)) static double on_trade(
    Instrument *it, double *ring, int64_t length, double price, double size, double side) {
    if (!(price > 0.0 && price < INFINITY && size >= 0.0 && size < INFINITY)) return NAN;
    int64_t seen = it->seen, place = seen & (length - 1);
    double weight = it->weight, kept = 1.0 - weight, old = ring[place], variance;
    it->average = seen > 0 ? kept * it->average + weight * price : price;
    if (seen >= length) {
        double change = price - old, moved = it->mean + change * (1.0 / length);
        it->squares += change * ((price - moved) + (old - it->mean));
        it->mean = moved;
        variance = it->squares * (1.0 / length);
    } else {
        double gap = price - it->mean;
        it->mean += gap / (seen + 1);
        it->squares += gap * (price - it->mean);
        variance = it->squares / (seen + 1);
    }
    ring[place] = price;
    it->flow = kept * it->flow + weight * (side * size);
    it->volume = kept * it->volume + weight * size;
    it->seen = seen + 1;
    return signal_of(price, it->average, variance, it->flow, it->volume);
}

double single_ticks(
    double unused, int64_t n, const double *settings, double *ring, const double *price,
    const double *size, const int8_t *side, double *out, double *answer) {
    Instrument it = {.weight = settings[0]};
    int64_t length = settings[1];
    double start = now();
    (void)unused, (void)answer;
    for (int64_t i = 0; i < n; i++)
        out[i] = on_trade(&it, ring, length, price[i], size[i], side[i]);
    return now() - start;
}

double ticks(
    double unused, int64_t n, const double *settings, double *restrict ring,
    const double *restrict price, const double *restrict size, const int8_t *restrict side,
    double *restrict out, double *answer) {
    double start = now(), average = 0.0, mean = 0.0, squares = 0.0, flow = 0.0, volume = 0.0;
    int64_t length = settings[1], seen = 0;
    double weight = settings[0], kept = 1.0 - weight, share = 1.0 / length;
    (void)unused, (void)answer;
    for (int64_t i = 0; i < n; i++) {
        double p = price[i], traded = size[i], variance;
        if (!(p > 0.0 && p < INFINITY && traded >= 0.0 && traded < INFINITY)) {
            out[i] = NAN;
            continue;
        }
        average = seen > 0 ? kept * average + weight * p : p;
        int64_t place = seen & (length - 1);
        double old = ring[place];
        if (seen >= length) {
            double change = p - old, moved = mean + change * share;
            squares += change * ((p - moved) + (old - mean));
            mean = moved;
            variance = squares * share;
        } else {
            double gap = p - mean;
            mean += gap / (seen + 1);
            squares += gap * (p - mean);
            variance = squares / (seen + 1);
        }
        ring[place] = p;
        flow = kept * flow + weight * (side[i] * traded);
        volume = kept * volume + weight * traded;
        seen++;
        out[i] = signal_of(p, average, variance, flow, volume);
    }
    return now() - start;
}
