/* Chains in C: the formulas of kernels_pure and, handed in by the compiler's command line, its
 * coefficients; free of branches, so that the compiler can take several options at a time. Spot,
 * strike, tau and volatility are positive. `answer` of `prices` receives 0 and the mean price; what
 * the others write is compared column by column.
 */
#include <math.h>
#include <stdint.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static inline double scaled_tail(double x) {
    double y = x * x;
    double top = ((((A10 * y + A8) * y + A6) * y + A4) * y + A2) * y + A0;
    double low = ((((B10 * y + B8) * y + B6) * y + B4) * y + B2) * y + 1.0;
    top += x * ((((A9 * y + A7) * y + A5) * y + A3) * y + A1);
    low += x * (((((B11 * y + B9) * y + B7) * y + B5) * y + B3) * y + B1);
    return top / low;
}

/* So many rows at a time are asked whether they share an expiry, and with it two exponentials. */
#define BLOCK 64

static inline int share_carry(
    int64_t first, int64_t end, const double *restrict tau, const double *restrict rate,
    const double *restrict div) {
    int64_t others = 0;
    for (int64_t i = first; i < end; i++)
        others += (tau[i] != tau[first]) | (rate[i] != rate[first]) | (div[i] != div[first]);
    return others == 0;
}

static inline double price_of(
    double stock, double cash, double root, double carry, double ratio, double vol, double right) {
    double deviation = vol * root, moneyness = log(ratio) + carry;
    double d1 = moneyness / deviation + 0.5 * deviation, d2 = d1 - deviation;
    double side1 = copysign(1.0, d1), side2 = copysign(1.0, d2);
    double weight = stock * exp(-0.5 * d1 * d1);
    double tails = side1 * scaled_tail(fabs(d1)) - side2 * scaled_tail(fabs(d2));
    double sure = 0.5 * (stock * (right + side1) - cash * (right + side2));
    double value = sure - weight * tails;
    return value > 0.0 ? value : 0.0;
}

double prices(
    double unused, int64_t n, const double *restrict spot, const double *restrict strike,
    const double *restrict tau, const double *restrict rate, const double *restrict div,
    const double *restrict vol, const int8_t *restrict right, double *restrict price,
    double *answer) {
    double start = now();
    for (int64_t first = 0; first < n; first += BLOCK) {
        int64_t end = first + BLOCK < n ? first + BLOCK : n;
        if (share_carry(first, end, tau, rate, div)) {
            double kept = exp(-div[first] * tau[first]), discount = exp(-rate[first] * tau[first]);
            double root = sqrt(tau[first]), carry = (rate[first] - div[first]) * tau[first];
            for (int64_t i = first; i < end; i++)
                price[i] = price_of(spot[i] * kept, strike[i] * discount, root, carry,
                                    spot[i] / strike[i], vol[i], right[i]);
        } else {
            for (int64_t i = first; i < end; i++)
                price[i] = price_of(spot[i] * exp(-div[i] * tau[i]),
                                    strike[i] * exp(-rate[i] * tau[i]), sqrt(tau[i]),
                                    (rate[i] - div[i]) * tau[i], spot[i] / strike[i], vol[i],
                                    right[i]);
        }
    }
    double seconds = now() - start, sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += price[i];
    (void)unused;
    answer[0] = 0.0;
    answer[1] = sum / n;
    return seconds;
}

struct greeks {
    double price, delta, gamma, vega, theta, rho;
};

static inline struct greeks greeks_of(
    double stock, double cash, double root, double carry, double spot, double strike, double tau,
    double rate, double div, double vol, double side) {
    double deviation = vol * root, moneyness = log(spot / strike) + carry;
    double d1 = moneyness / deviation + 0.5 * deviation, d2 = d1 - deviation;
    double side1 = copysign(1.0, d1), side2 = copysign(1.0, d2);
    double weight = stock * exp(-0.5 * d1 * d1);
    double tail1 = side1 * scaled_tail(fabs(d1)), tail2 = side2 * scaled_tail(fabs(d2));
    double sure = 0.5 * (stock * (side + side1) - cash * (side + side2));
    double value = sure - weight * (tail1 - tail2);
    double held = 0.5 * stock * (1.0 + side * side1) - side * weight * tail1;
    double owed = 0.5 * cash * (1.0 + side * side2) - side * weight * tail2;
    double density = 0.3989422804014327 * weight;
    struct greeks all = {
        value > 0.0 ? value : 0.0,
        side * held / spot,
        density / (spot * deviation) / spot,
        density * root,
        side * (div * held - rate * owed) - 0.5 * density * vol / root,
        side * tau * owed,
    };
    return all;
}

/* Prices, delta, gamma, vega, theta and rho. */
double greeks(
    double unused, int64_t n, const double *restrict spot, const double *restrict strike,
    const double *restrict tau, const double *restrict rate, const double *restrict div,
    const double *restrict vol, const int8_t *restrict right, double *restrict price,
    double *restrict delta, double *restrict gamma, double *restrict vega, double *restrict theta,
    double *restrict rho, double *answer) {
    double start = now();
    (void)unused, (void)answer;
    for (int64_t first = 0; first < n; first += BLOCK) {
        int64_t end = first + BLOCK < n ? first + BLOCK : n;
        int shared = share_carry(first, end, tau, rate, div);
        double kept = exp(-div[first] * tau[first]), discount = exp(-rate[first] * tau[first]);
        double root = sqrt(tau[first]), carry = (rate[first] - div[first]) * tau[first];
        if (shared) {
            double years = tau[first], lent = rate[first], yield = div[first];
            for (int64_t i = first; i < end; i++) {
                struct greeks all = greeks_of(spot[i] * kept, strike[i] * discount, root, carry,
                                              spot[i], strike[i], years, lent, yield, vol[i],
                                              right[i]);
                price[i] = all.price, delta[i] = all.delta, gamma[i] = all.gamma;
                vega[i] = all.vega, theta[i] = all.theta, rho[i] = all.rho;
            }
        } else {
            for (int64_t i = first; i < end; i++) {
                struct greeks all = greeks_of(spot[i] * exp(-div[i] * tau[i]),
                                              strike[i] * exp(-rate[i] * tau[i]), sqrt(tau[i]),
                                              (rate[i] - div[i]) * tau[i], spot[i], strike[i],
                                              tau[i], rate[i], div[i], vol[i], right[i]);
                price[i] = all.price, delta[i] = all.delta, gamma[i] = all.gamma;
                vega[i] = all.vega, theta[i] = all.theta, rho[i] = all.rho;
            }
        }
    }
    return now() - start;
}

/* Prices at a new spot, from the columns that kernels_pure.reprice keeps. */
double reprice(
    double unused, int64_t n, const double *spots, const double *restrict stock_discount,
    const double *restrict strike_value, const double *restrict d1, const double *restrict slope,
    const double *restrict deviation, const int8_t *restrict right, double *restrict price,
    double *answer) {
    double start = now(), spot = spots[0], shift = log(spot / spots[1]);
    (void)unused, (void)answer;
    for (int64_t i = 0; i < n; i++) {
        double stock = spot * stock_discount[i], cash = strike_value[i];
        double near = d1[i] + shift * slope[i], far = near - deviation[i];
        double side1 = copysign(1.0, near), side2 = copysign(1.0, far);
        double tails = side1 * scaled_tail(fabs(near)) - side2 * scaled_tail(fabs(far));
        double sure = 0.5 * (stock * (right[i] + side1) - cash * (right[i] + side2));
        double value = sure - stock * exp(-0.5 * near * near) * tails;
        price[i] = value > 0.0 ? value : 0.0;
    }
    return now() - start;
}

/* The deviation that gives a time value in Bachelier's model. */
static inline double normal_deviation(double value, double gap) {
    double near = value + 0.5 * gap, u = gap / near;
    double top = 2.506619111884479 + u * (-1.053962774505979
                 + u * (-0.393797571020506 + u * 0.15633499325818587));
    double low = 1.0 + u * (-0.42058844690609903
                 + u * (-0.07689026017187267 + u * 0.027698177420218236));
    double quotient = value / (gap + 1e-300);
    double t = sqrt(-log(quotient < 1.0 ? quotient : 1.0));
    double over = -0.48502834343033624 + t * (1.7345005782809497 + t * (-1.3329557895251065
                  + t * (0.4352483661728473 + t * 0.12083387141387077)));
    double under = 1.0 + t * (-0.45802590042626484
                   + t * (0.31207493542436154 + t * 0.0854146889168968));
    return u < 1.7143382104926979 ? near * top / low : gap * under / over;
}

static inline double deviation_step(double deviation, double gap, double log_value, double room) {
    double h = gap / deviation, d1 = 0.5 * deviation - h;
    double exponent = 0.5 * h * h + 0.125 * deviation * deviation;
    double far = scaled_tail(h + 0.5 * deviation), near = scaled_tail(fabs(d1));
    double tails = d1 <= 0.0 ? near - far : near + far;
    double miss = log(d1 <= 0.0 ? tails : tails / room) - exponent - (d1 <= 0.0 ? log_value : 0.0);
    double slope = (d1 <= 0.0 ? 1.0 : -1.0) / (2.5066282746310002 * tails);
    double bend = h * h / deviation - 0.25 * deviation, second = bend - slope;
    double third = second * (second - slope) - 3.0 * (h / deviation) * (h / deviation) - 0.25;
    double newton = -miss / slope, below = 1.0 + newton * (second + newton * third / 6.0);
    return newton * (1.0 + 0.5 * newton * second) / (below > 0.1 ? below : 0.1);
}

/* Implied volatilities by two steps for every row. */
double implied(
    double unused, int64_t n, const double *restrict price, const double *restrict spot,
    const double *restrict strike, const double *restrict tau, const double *restrict rate,
    const double *restrict div, const int8_t *restrict right, double *restrict vol,
    double *answer) {
    double start = now();
    (void)unused, (void)answer;
    for (int64_t i = 0; i < n; i++) {
        double stock = spot[i] * exp(-div[i] * tau[i]), cash = strike[i] * exp(-rate[i] * tau[i]);
        double gap = fabs(log(spot[i] / strike[i]) + (rate[i] - div[i]) * tau[i]);
        double unit = sqrt(stock * cash), low = stock < cash ? stock : cash;
        double inside = right[i] * (stock - cash);
        double time_value = price[i] - (inside > 0.0 ? inside : 0.0);
        double value = (time_value > 1e-290 ? time_value : 1e-290) / unit;
        double room = (low - time_value) / unit, log_value = log(value);
        double normal = normal_deviation(value, gap), square = normal * normal, h = gap / normal;
        double more = 24.0 + h * (4.68 + 7.757 * h) - 2.1 * square;
        double deviation = normal * (1.0 + square / (more > 1.0 ? more : 1.0));
        for (int step = 0; step < 2; step++) {
            double next = deviation + deviation_step(deviation, gap, log_value, room);
            deviation = next > 0.25 * deviation ? next : 0.25 * deviation;
        }
        vol[i] = deviation / sqrt(tau[i]);
    }
    return now() - start;
}
