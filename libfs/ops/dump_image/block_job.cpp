// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/block_job.h"

#include "libfs/volume/stripe_map.h"

namespace btrkit::dump_image {

namespace {

unsigned stored_copies_at(const Volume& volume, u64 address) {
    const Chunk* chunk = volume.chunks().find({address});
    return chunk == nullptr ? 0 : stored_copies(*chunk);
}

struct Copy {
    unsigned mirror = 0;
    Places places; ///< none: on a missing device
    MutableBytes bytes;
    bool is_read = false;
    bool is_sound = false;
    bool is_block = false; ///< recognizable
};

/// All stored copies of the blocks of a job.
class JobCopies {
public:
    JobCopies(const Source& source, std::span<const u64> addresses) : source_(source), addresses_(addresses) {
        copies_.resize(addresses.size());
        unsigned most = 0;
        for (const u64 address : addresses) {
            most = std::max(most, stored_copies_at(source.volume(), address));
        }
        for (unsigned mirror = 1; mirror <= most; ++mirror) {
            read_mirror(mirror);
        }
    }

    std::vector<Copy>& of(std::size_t block) { return copies_[block]; }

private:
    u32 nodesize() const { return source_.geometry().nodesize; }

    void read_mirror(unsigned mirror) {
        auto& buffer = buffers_.emplace_back(addresses_.size() * nodesize());
        std::vector<Volume::ReadRequest> requests;
        std::vector<std::size_t> blocks;
        for (std::size_t i = 0; i < addresses_.size(); ++i) {
            if (mirror > stored_copies_at(source_.volume(), addresses_[i])) {
                continue;
            }
            const auto bytes = MutableBytes(buffer).subspan(i * nodesize(), nodesize());
            const Logical at{addresses_[i]};
            copies_[i].push_back(
                {.mirror = mirror, .places = places_of(source_.volume(), at, nodesize(), mirror), .bytes = bytes});
            if (!copies_[i].back().places.empty()) {
                requests.push_back({.at = at, .out = bytes, .mirror = mirror});
                blocks.push_back(i);
            }
        }
        source_.volume().read_many(requests);
        for (std::size_t k = 0; k < requests.size(); ++k) {
            judge(copies_[blocks[k]].back(), addresses_[blocks[k]], requests[k].done);
        }
    }

    void judge(Copy& copy, u64 address, bool is_read) const {
        copy.is_read = is_read;
        copy.is_sound = is_read && is_sound(copy.bytes, address, source_.geometry());
        copy.is_block = copy.is_sound || (is_read && is_recognizable(copy.bytes, address, source_.geometry()));
    }

    const Source& source_;
    std::span<const u64> addresses_;
    std::vector<std::vector<std::byte>> buffers_; ///< one a mirror
    std::vector<std::vector<Copy>> copies_;       ///< by block
};

/// The block rebuilt from parity, where that gives a sound one.
bool rebuild(const Source& source, u64 address, MutableBytes out) {
    const Logical at{address};
    for (unsigned mirror = 1 + stored_copies_at(source.volume(), address); mirror <= source.volume().mirror_count(at);
         ++mirror) {
        if (source.volume().read(at, out, mirror) && is_sound(out, address, source.geometry())) {
            return true;
        }
    }
    return false;
}

class BlockPacker {
public:
    BlockPacker(const Source& source, BlockJob& job) : source_(source), job_(job) {}

    void add(u64 address, std::vector<Copy>& copies) {
        note(address, copies);
        const bool has_sound = std::ranges::any_of(copies, &Copy::is_sound);
        const bool has_block = std::ranges::any_of(copies, &Copy::is_block);
        std::vector<std::byte> rebuilt(has_sound ? 0 : source_.geometry().nodesize);
        const bool is_rebuilt = !has_sound && rebuild(source_, address, rebuilt);
        job_.lost_count += has_sound || is_rebuilt ? 0 : 1;
        if (is_rebuilt) {
            add_links(BlockView(rebuilt), true, job_.links);
        } else if (!has_block) {
            job_.foreign.push_back(address);
            return;
        }
        for (std::size_t i = 0; i < copies.size(); ++i) {
            if (copies[i].is_read) {
                add_with_twins(address, std::span(copies).subspan(i), has_sound);
            }
        }
    }

    Result<void> finish() {
        BTRKIT_TRY_ASSIGN(job_.packed, pack(records_));
        return {};
    }

private:
    void note(u64 address, std::span<const Copy> copies) {
        using What = BadCopy::What;
        for (const auto& copy : copies) {
            if (copy.places.empty()) {
                ++job_.missing_copy_count;
            } else if (!copy.is_sound) {
                const auto what = !copy.is_read ? What::unreadable : copy.is_block ? What::unsound : What::foreign;
                job_.bad_copies.push_back({.address = address, .mirror = copy.mirror, .what = what});
            }
        }
    }

    /// The first of the copies, once for it and all behind it that are the same; these are done then.
    void add_with_twins(u64 address, std::span<Copy> copies, bool has_sound) {
        Copy& first = copies.front();
        if (first.is_sound || (first.is_block && !has_sound)) {
            add_links(BlockView(first.bytes), first.is_sound, job_.links);
        }
        for (auto& other : copies.subspan(1)) {
            if (other.is_read && std::ranges::equal(other.bytes, first.bytes)) {
                first.places.insert(first.places.end(), other.places.begin(), other.places.end());
                other.is_read = false;
            }
        }
        first.is_block ? hide_in_block(first.bytes, address, source_.geometry(), source_.privacy)
                       : hide_foreign(first.bytes, source_.privacy);
        records_.add(first.bytes, first.places);
    }

    const Source& source_;
    BlockJob& job_;
    RecordBuffer records_;
};

} // namespace

Places places_of(const Volume& volume, Logical at, u64 length, unsigned mirror) {
    Places places;
    for (u64 done = 0; done < length;) {
        const Chunk* chunk = volume.chunks().find(at + done);
        if (chunk == nullptr || mirror > stored_copies(*chunk)) {
            return {};
        }
        const auto run = map_stripe(*chunk, at + done, length - done, mirror);
        if (volume.device_of(run.physical.devid) == nullptr) {
            return {};
        }
        places.push_back({.devid = run.physical.devid,
                          .offset = run.physical.offset,
                          .from = static_cast<u32>(done),
                          .length_bytes = static_cast<u32>(run.length)});
        done += run.length;
    }
    return places;
}

void read_and_pack(const Source& source, BlockJob& job) {
    JobCopies copies(source, job.addresses);
    BlockPacker packer(source, job);
    for (std::size_t i = 0; i < job.addresses.size(); ++i) {
        packer.add(job.addresses[i], copies.of(i));
    }
    job.done = packer.finish();
}

bool read_best_copy(const Source& source, u64 address, MutableBytes out) {
    const Logical at{address};
    const auto& geometry = source.geometry();
    bool is_block = source.volume().read(at, out, 1) && is_sound(out, address, geometry);
    is_block = is_block || rebuild(source, address, out);
    is_block = is_block || (source.volume().read(at, out, 1) && is_recognizable(out, address, geometry));
    if (is_block) {
        hide_in_block(out, address, geometry, source.privacy);
    }
    return is_block;
}

} // namespace btrkit::dump_image
