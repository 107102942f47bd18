// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/metadata_walk.h"

#include "libfs/base/ordered_pipeline.h"

namespace btrkit::dump_image {

namespace {

/// A whole block within one chunk that is for metadata.
bool can_be_block(const Source& source, u64 address) {
    const Chunk* chunk = source.volume().chunks().find({address});
    const u64 nodesize = source.geometry().nodesize;
    return chunk != nullptr && is_aligned(address, source.geometry().sectorsize) &&
           (chunk->type & (btrfs::block_group_metadata | btrfs::block_group_system)) != 0 &&
           chunk->length - (address - chunk->start.bytenr) >= nodesize;
}

} // namespace

void MetadataWalk::add(u64 address) {
    if (can_be_block(source_, address) && !seen_.set(address / source_.geometry().sectorsize)) {
        next_.push_back(address);
    }
}

Result<void> MetadataWalk::run() {
    while (!next_.empty()) {
        auto wave = std::exchange(next_, {});
        std::ranges::sort(wave);
        BTRKIT_TRY(run_wave(wave));
    }
    return {};
}

Result<void> MetadataWalk::run_wave(std::span<const u64> addresses) {
    const std::size_t blocks_a_job = job_bytes / source_.geometry().nodesize;
    Result<void> done;
    run_ordered(
        context_.parallelism,
        [&]() -> std::unique_ptr<BlockJob> {
            if (addresses.empty()) {
                return nullptr;
            }
            const auto some = addresses.first(std::min(blocks_a_job, addresses.size()));
            addresses = addresses.subspan(some.size());
            auto job = std::make_unique<BlockJob>();
            job->addresses.assign(some.begin(), some.end());
            return job;
        },
        [&](BlockJob& job) { read_and_pack(source_, job); },
        [&](const BlockJob& job) {
            done = context_.stop.stop_requested() ? fail(ErrorKind::cancelled, "stopped") : finish(job);
            return done.has_value();
        });
    return done;
}

Result<void> MetadataWalk::finish(const BlockJob& job) {
    BTRKIT_TRY(job.done);
    BTRKIT_TRY(writer_.put(job.packed));
    const u64 sectorsize = source_.geometry().sectorsize;
    const u64 sectors = source_.geometry().nodesize / sectorsize;
    for (const u64 address : job.addresses) {
        if (std::ranges::binary_search(job.foreign, address)) {
            continue;
        }
        written_.set(address / sectorsize);
        for (u64 i = 0; i < sectors; ++i) {
            taken_.set(address / sectorsize + i);
        }
    }
    foreign_.insert(foreign_.end(), job.foreign.begin(), job.foreign.end());
    caches_.insert(caches_.end(), job.links.caches.begin(), job.links.caches.end());
    std::ranges::for_each(job.links.blocks, [&](u64 address) { add(address); });
    report_.block_count += job.addresses.size();
    report_.lost_count += job.lost_count;
    report_.missing_copy_count += job.missing_copy_count;
    std::ranges::for_each(job.bad_copies, [&](const BadCopy& copy) { report_.add(copy); });
    context_.progress.advance(job.addresses.size());
    return {};
}

std::vector<u64> MetadataWalk::written() const {
    std::vector<u64> addresses;
    written_.for_each_not_in({}, [&](u64 sector) { addresses.push_back(sector * source_.geometry().sectorsize); });
    return addresses;
}

std::vector<Range> MetadataWalk::foreign_ranges() const {
    const u64 sectorsize = source_.geometry().sectorsize;
    std::vector<Range> ranges;
    for (const u64 address : foreign_) {
        for (u64 at = address; at < address + source_.geometry().nodesize; at += sectorsize) {
            if (!taken_.test(at / sectorsize)) {
                ranges.push_back(range_from(at, sectorsize));
            }
        }
    }
    return ranges;
}

} // namespace btrkit::dump_image
