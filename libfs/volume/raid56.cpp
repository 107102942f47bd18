// SPDX-License-Identifier: MIT
#include "libfs/volume/raid56.h"

#include <cassert>

#include <isa-l/erasure_code.h>

namespace btrkit {

namespace {

/// Powers of the generator repeat with this period.
constexpr unsigned group_order = 255;
/// What ISA-L's tables take for each coefficient.
constexpr std::size_t table_bytes = 32;

/// 2 to the power of exponent.
u8 power(unsigned exponent) {
    u8 value = 1;
    for (unsigned i = 0; i < exponent % group_order; ++i) {
        value = gf_mul(value, 2);
    }
    return value;
}

/// A sum of stripes, each times its coefficient.
struct Sum {
    std::vector<Bytes> stripes;
    std::vector<u8> coefficients;

    void add(Bytes stripe, u8 coefficient) {
        stripes.push_back(stripe);
        coefficients.push_back(coefficient);
    }
};

void compute(Sum& sum, MutableBytes out) {
    if (out.empty()) {
        return;
    }
    std::vector<unsigned char*> sources;
    for (const Bytes stripe : sum.stripes) {
        assert(stripe.size() == out.size());
        // ISA-L takes pointers to non-const bytes, but only reads them.
        sources.push_back(reinterpret_cast<unsigned char*>(const_cast<std::byte*>(stripe.data())));
    }
    const int count = static_cast<int>(sources.size());
    std::vector<unsigned char> tables(table_bytes * sources.size());
    auto* target = reinterpret_cast<unsigned char*>(out.data());
    ec_init_tables(count, 1, sum.coefficients.data(), tables.data());
    ec_encode_data(static_cast<int>(out.size()), count, 1, tables.data(), sources.data(), &target);
}

/// Adds the data stripes that are there but for `wanted`, with coefficients that depend on the position.
template <class Coefficient>
void add_data(Sum& sum, const RaidRow& row, unsigned data_count, unsigned wanted, Coefficient coefficient) {
    u8 generator_power = 1;
    for (unsigned i = 0; i < data_count; ++i) {
        if (i != wanted && row[i]) {
            sum.add(*row[i], coefficient(generator_power));
        }
        generator_power = gf_mul(generator_power, 2);
    }
}

/// One lost: the wanted one is the sum of the other data and P.
Sum from_p(const RaidRow& row, unsigned data_count, unsigned wanted) {
    Sum sum;
    add_data(sum, row, data_count, wanted, [](u8) { return u8{1}; });
    sum.add(*row[data_count], 1);
    return sum;
}

/// P lost as well: Dx = g^-x (Q + sum of g^i Di).
Sum from_q(const RaidRow& row, unsigned data_count, unsigned wanted) {
    const u8 scale = gf_inv(power(wanted));
    Sum sum;
    add_data(sum, row, data_count, wanted, [&](u8 generator_power) { return gf_mul(scale, generator_power); });
    sum.add(*row[data_count + 1], scale);
    return sum;
}

/// Another data stripe y lost as well. The sums p = P + sum of Di = Dx + Dy and q = Q + sum of g^i Di =
/// g^x Dx + g^y Dy give (g^(y-x) + 1) Dx = g^(y-x) p + g^-x q. Nothing where g^x = g^y.
std::optional<Sum> from_p_and_q(const RaidRow& row, unsigned data_count, unsigned wanted, unsigned other) {
    const u8 wanted_inverse = gf_inv(power(wanted));
    const u8 ratio = gf_mul(power(other), wanted_inverse);
    if (ratio == 1) {
        return std::nullopt;
    }
    const u8 divisor = gf_inv(static_cast<u8>(ratio ^ 1));
    const u8 of_p = gf_mul(ratio, divisor);
    const u8 of_q = gf_mul(wanted_inverse, divisor);
    Sum sum;
    add_data(sum, row, data_count, wanted,
             [&](u8 generator_power) { return static_cast<u8>(of_p ^ gf_mul(of_q, generator_power)); });
    sum.add(*row[data_count], of_p);
    sum.add(*row[data_count + 1], of_q);
    return sum;
}

std::optional<Sum> solve(const RaidRow& row, unsigned data_count, unsigned wanted) {
    const bool has_p = row[data_count].has_value();
    const bool has_q = row.size() > data_count + 1 && row[data_count + 1].has_value();
    std::vector<unsigned> also_lost;
    for (unsigned i = 0; i < data_count; ++i) {
        if (i != wanted && !row[i]) {
            also_lost.push_back(i);
        }
    }
    if (also_lost.empty() && has_p) {
        return from_p(row, data_count, wanted);
    }
    if (also_lost.empty() && has_q) {
        return from_q(row, data_count, wanted);
    }
    if (also_lost.size() == 1 && has_p && has_q) {
        return from_p_and_q(row, data_count, wanted, also_lost.front());
    }
    return std::nullopt;
}

} // namespace

bool rebuild_data(const RaidRow& row, unsigned data_count, unsigned wanted, MutableBytes out) {
    assert(wanted < data_count && row.size() > data_count);
    auto sum = solve(row, data_count, wanted);
    if (!sum) {
        return false;
    }
    compute(*sum, out);
    return true;
}

void compute_parity(const std::vector<Bytes>& data, MutableBytes p, MutableBytes q) {
    const RaidRow row(data.begin(), data.end());
    const auto data_count = static_cast<unsigned>(data.size());
    Sum sum_p;
    add_data(sum_p, row, data_count, data_count, [](u8) { return u8{1}; });
    compute(sum_p, p);
    Sum sum_q;
    add_data(sum_q, row, data_count, data_count, [](u8 generator_power) { return generator_power; });
    compute(sum_q, q);
}

} // namespace btrkit
