// SPDX-License-Identifier: MIT
// Reading one place: piece by piece, each from its mirror or rebuilt from its row.
#include "libfs/volume/raid56.h"
#include "libfs/volume/stripe_map.h"
#include "libfs/volume/volume.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// The entry of the row that a mirror from 3 on takes for lost: the other data stripes one by one, then P.
std::optional<std::size_t> distrusted_entry(const ParityRow& row, unsigned mirror) {
    if (mirror < 3) {
        return std::nullopt;
    }
    const std::size_t other = mirror - 3;
    return other < row.position ? other : other + 1;
}

/// Stripe indices in the order of RaidRow.
std::vector<u32> entries_of(const ParityRow& row) {
    std::vector<u32> entries = row.data;
    entries.push_back(row.p);
    if (row.q) {
        entries.push_back(*row.q);
    }
    return entries;
}

} // namespace

Result<void> Volume::read(Logical at, MutableBytes out, unsigned mirror) const {
    while (!out.empty()) {
        const Chunk* chunk = chunks_.find(at);
        if (chunk == nullptr) {
            return fail(ErrorKind::not_found, fmt::format("no chunk holds logical address {}", at.bytenr));
        }
        if (mirror == 0 || mirror > btrkit::mirror_count(*chunk)) {
            return fail(ErrorKind::not_found, fmt::format("logical address {} has no mirror {}", at.bytenr, mirror));
        }
        const StripeRun run = map_stripe(*chunk, at, out.size(), mirror);
        const MutableBytes piece = out.first(run.length);
        if (auto done =
                is_rebuilt(*chunk, mirror) ? rebuild(*chunk, at, piece, mirror) : read_physical(run.physical, piece);
            !done) {
            return done;
        }
        at = at + run.length;
        out = out.subspan(run.length);
    }
    return {};
}

Result<void> Volume::read_physical(Physical place, MutableBytes out) const {
    const BlockDevice* device = device_of(place.devid);
    if (device == nullptr) {
        return fail(ErrorKind::missing_device,
                    fmt::format("device {} was not given: cannot read at its offset {}", place.devid, place.offset));
    }
    return device->read(place.offset, out);
}

Result<void> Volume::rebuild(const Chunk& chunk, Logical at, MutableBytes out, unsigned mirror) const {
    const ParityRow row = parity_row(chunk, at);
    const auto entries = entries_of(row);
    const auto distrusted = distrusted_entry(row, mirror);
    const std::size_t q_entry = row.data.size() + 1;

    std::vector<std::byte> storage(entries.size() * out.size());
    RaidRow stripes(entries.size());
    unsigned lost = 1; // the wanted one
    std::optional<Error> failure;
    for (std::size_t entry = 0; entry < entries.size() && lost <= chunk.profile().parity; ++entry) {
        if (entry == row.position || (entry == q_entry && lost == 1)) {
            continue; // without another loss, P is enough
        }
        if (entry == distrusted) {
            ++lost;
            continue;
        }
        const Stripe& stripe = chunk.stripes[entries[entry]];
        const auto into = MutableBytes(storage).subspan(entry * out.size(), out.size());
        if (auto done = read_physical({stripe.devid, stripe.offset + row.offset_in_stripe}, into); done) {
            stripes[entry] = into;
        } else {
            ++lost;
            failure = failure ? std::move(failure) : std::move(done.error());
        }
    }
    if (rebuild_data(stripes, static_cast<unsigned>(row.data.size()), row.position, out)) {
        return {};
    }
    return fail(failure ? failure->kind : ErrorKind::io,
                fmt::format("cannot rebuild {} bytes at logical address {}: {}", out.size(), at.bytenr,
                            failure ? failure->message : "too few stripes are left"));
}

} // namespace btrkit
