// SPDX-License-Identifier: MIT
#include "libfs/volume/volume_writer.h"

#include "libfs/volume/chunk_rows.h"
#include "libfs/volume/raid56.h"
#include "libfs/volume/stripe_map.h"

#include <fmt/format.h>

namespace btrkit {

Result<void> write_parts(std::span<const StoredPart> parts, Bytes bytes) {
    for (const auto& part : parts) {
        BTRKIT_TRY(part.device->write(part.offset, bytes.subspan(part.from, part.length)));
    }
    return {};
}

template <class Put>
Result<void> VolumeWriter::for_each_run(Logical at, u64 length, Put put) const {
    for (u64 done = 0; done < length;) {
        const Chunk* chunk = chunks_->find(at + done);
        if (chunk == nullptr) {
            return fail_as_bug(
                fmt::format("no chunk holds logical address {}, which is to be written", at.bytenr + done));
        }
        u64 run_length = 0;
        for (unsigned mirror = 1; mirror <= stored_copies(*chunk); ++mirror) {
            const StripeRun run = map_stripe(*chunk, at + done, length - done, mirror);
            BTRKIT_TRY(put(*devices_.at(run.physical.devid), run.physical.offset, done, run.length));
            run_length = run.length; // all mirrors of a profile are cut at the same places
        }
        done += run_length;
    }
    return {};
}

Result<void> VolumeWriter::write(Logical at, Bytes bytes) const {
    return for_each_run(at, bytes.size(), [&](WritableDevice& device, u64 offset, u64 from, u64 length) {
        return device.write(offset, bytes.subspan(from, length));
    });
}

Result<std::vector<StoredPart>> VolumeWriter::parts(Logical at, u64 length) const {
    std::vector<StoredPart> parts;
    BTRKIT_TRY(for_each_run(at, length, [&](WritableDevice& device, u64 offset, u64 from, u64 run_length) {
        parts.push_back({&device, offset, from, run_length});
        return Result<void>();
    }));
    return parts;
}

Result<void> VolumeWriter::clone(Logical at, int source, u64 source_offset, u64 length) const {
    return for_each_run(at, length, [&](WritableDevice& device, u64 offset, u64 from, u64 run_length) {
        return device.clone(source, source_offset + from, run_length, offset);
    });
}

Result<void> VolumeWriter::write_parity(const Chunk& chunk, Logical start, Logical end) const {
    if (chunk.profile().parity == 0) {
        return {};
    }
    const u64 first_row = (start.bytenr - chunk.start.bytenr) / row_bytes(chunk);
    for (Logical row = chunk.start + first_row * row_bytes(chunk); row < end; row = row + row_bytes(chunk)) {
        BTRKIT_TRY(write_row_parity(chunk, row));
    }
    return {};
}

Result<void> VolumeWriter::write_row_parity(const Chunk& chunk, Logical row_start) const {
    const ParityRow row = parity_row(chunk, row_start);
    const auto place = [&](u32 stripe) { return chunk.stripes[stripe].offset + row.offset_in_stripe; };
    std::vector<std::vector<std::byte>> data;
    for (const u32 stripe : row.data) {
        data.emplace_back(btrfs::raid_stripe_length);
        BTRKIT_TRY(devices_.at(chunk.stripes[stripe].devid)->read(place(stripe), data.back()));
    }
    std::vector<std::byte> p(btrfs::raid_stripe_length);
    std::vector<std::byte> q(row.q ? btrfs::raid_stripe_length : 0);
    compute_parity({data.begin(), data.end()}, p, q);
    BTRKIT_TRY(devices_.at(chunk.stripes[row.p].devid)->write(place(row.p), p));
    return row.q ? devices_.at(chunk.stripes[*row.q].devid)->write(place(*row.q), q) : Result<void>{};
}

} // namespace btrkit
