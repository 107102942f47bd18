// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/copy_reader.h"

#include "libfs/base/checksum.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::survey {

namespace {

/// Bytes that are read, and then verified while they are in the second cache of the core. (1 MiB: 3 % more CPU time.)
constexpr u64 slice_bytes = u64{256} << 10;

u64 first_bytes(const btrfs::CsumBytes& checksum) {
    u64 number = 0;
    std::memcpy(&number, checksum.data(), sizeof(number));
    return number;
}

/// Of data without checksum. (Of the library's hashes the quickest that needs no vector registers: what those leave
/// behind makes the next SHA-256 a fifth slower.)
u64 fingerprint_of(Bytes sector) {
    return first_bytes(checksum(btrfs::CsumType::xxhash64, sector));
}

class CopyReader {
public:
    CopyReader(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer)
        : mode_(mode), unit_(unit), chunk_(*unit.chunk), buffer_(buffer),
          states_(stored_copies(*unit.chunk), unit.sectors.size()), is_by_tree_(mode.places.is_by_tree(chunk_)),
          is_cut_(is_by_tree_ || mode.devid || misses_device()) {}

    CopyStates read() {
        for (unsigned mirror = 1; mirror <= states_.copies(); ++mirror) {
            auto block = unit_.blocks.begin();
            for (u64 start = unit_.range.start; start < unit_.range.end;) {
                const u64 end = slice_end(start);
                read_slice({start, end}, mirror);
                for (; block != unit_.blocks.end() && block->address.bytenr < end; ++block) {
                    prove_block(*block, start, mirror);
                }
                start = end;
            }
        }
        return std::move(states_);
    }

private:
    u64 sectorsize() const { return unit_.sectorsize; }
    bool misses_device() const {
        return std::ranges::any_of(chunk_.stripes,
                                   [&](const Stripe& stripe) { return !mode_.places.has_device(stripe.devid); });
    }
    MutableBytes slice(u64 slice_start, const Range& range) const {
        return MutableBytes(buffer_).subspan(range.start - slice_start, range.length());
    }

    bool wants(SectorUse use) const {
        return use == SectorUse::summed ||
               (!mode_.only_data_with_sums && (use == SectorUse::plain || use == SectorUse::block));
    }

    /// Not within a block.
    u64 slice_end(u64 start) const {
        u64 end = std::min(start + slice_bytes, unit_.range.end);
        while (true) {
            const auto behind = std::ranges::lower_bound(unit_.blocks, Logical{end}, {}, &Promise::address);
            if (behind == unit_.blocks.begin() || std::prev(behind)->address.bytenr + mode_.geometry.nodesize <= end) {
                return end;
            }
            end = std::prev(behind)->address.bytenr + mode_.geometry.nodesize;
        }
    }

    void read_slice(const Range& range, unsigned mirror) {
        buffer_.resize(std::max<std::size_t>(buffer_.size(), range.length()));
        std::vector<Volume::ReadRequest> requests;
        for (u64 at = range.start; at < range.end;) {
            if (!wants(unit_.sectors[unit_.index_of(at)])) {
                at += sectorsize();
                continue;
            }
            const u64 end = run_end(at, range.end, mirror);
            if (is_to_be_read(at, mirror)) {
                requests.push_back({.at = {at}, .out = slice(range.start, {at, end}), .mirror = mirror});
            }
            at = end;
        }
        if (!is_by_tree_) {
            mode_.places.volume().read_many(requests);
        }
        for (const auto& request : requests) {
            const u64 at = request.at.bytenr;
            if (request.done) {
                examine({at, at + request.out.size()}, request.out, mirror);
            } else {
                read_pieces({at, at + request.out.size()}, request.out, mirror);
            }
        }
    }

    /// Where what is wanted ends; within a stripe, where other stripes may have another fate.
    u64 run_end(u64 at, u64 limit, unsigned mirror) const {
        if (is_cut_) {
            if (const auto run = mode_.places.find(chunk_, {at}, limit - at, mirror)) {
                limit = at + std::max(run->length, sectorsize());
            }
        }
        // Of other devices only what is to be compared is read.
        const auto is_plain = [&](u64 bytenr) { return unit_.sectors[unit_.index_of(bytenr)] == SectorUse::plain; };
        const bool begins_plain = is_plain(at);
        u64 end = at;
        while (end < limit && wants(unit_.sectors[unit_.index_of(end)]) &&
               (!mode_.devid || is_plain(end) == begins_plain)) {
            end += sectorsize();
        }
        return std::min(end, unit_.range.end);
    }

    /// What has no checksum is wanted from all devices, to be compared.
    bool is_to_be_read(u64 at, unsigned mirror) const {
        if (!is_cut_) {
            return true;
        }
        const auto run = mode_.places.find(chunk_, {at}, sectorsize(), mirror);
        if (!run) {
            return true; // reading it fails, and that is told
        }
        const bool is_compared = unit_.sectors[unit_.index_of(at)] == SectorUse::plain;
        return mode_.places.has_device(run->place.devid) && (is_compared || mode_.wants_device(run->place.devid));
    }

    void read_pieces(const Range& range, MutableBytes out, unsigned mirror) {
        for (u64 done = 0; done < range.length();) {
            const Logical at{range.start + done};
            const auto run = mode_.places.find(chunk_, at, range.length() - done, mirror);
            const u64 length =
                run ? std::min(round_up(run->length, sectorsize()), range.length() - done) : sectorsize();
            const MutableBytes piece = out.subspan(done, length);
            if (mode_.places.read(chunk_, at, piece, mirror)) {
                examine({at.bytenr, at.bytenr + length}, piece, mirror);
            } else {
                read_sectors(at.bytenr, piece, mirror);
            }
            done += length;
        }
    }

    void read_sectors(u64 start, MutableBytes out, unsigned mirror) {
        for (u64 done = 0; done < out.size(); done += sectorsize()) {
            const u64 at = start + done;
            const MutableBytes sector = out.subspan(done, sectorsize());
            if (mode_.places.read(chunk_, {at}, sector, mirror)) {
                examine({at, at + sectorsize()}, sector, mirror);
            } else {
                states_.set(unit_.index_of(at), mirror, CopyState::unreadable);
            }
        }
    }

    void examine(const Range& range, Bytes bytes, unsigned mirror) {
        for (u64 at = range.start; at < range.end; at += sectorsize()) {
            const std::size_t index = unit_.index_of(at);
            const Bytes sector = bytes.subspan(at - range.start, sectorsize());
            switch (unit_.sectors[index]) {
            case SectorUse::summed: examine_summed(index, sector, mirror); break;
            case SectorUse::plain: states_.set_fingerprint(index, mirror, fingerprint_of(sector)); [[fallthrough]];
            default: states_.set(index, mirror, CopyState::read); break;
            }
        }
    }

    void examine_summed(std::size_t index, Bytes sector, unsigned mirror) {
        const auto computed = checksum(mode_.geometry.csum_type, sector);
        const Bytes stored = unit_.stored_checksum(index);
        const bool is_good = std::memcmp(computed.data(), stored.data(), stored.size()) == 0;
        states_.set(index, mirror, is_good ? CopyState::good : CopyState::bad);
        if (!is_good) {
            states_.set_computed(index, mirror, computed);
        }
    }

    /// Its state is kept with its first sector.
    void prove_block(const Promise& promise, u64 slice_start, unsigned mirror) {
        const u64 start = promise.address.bytenr;
        const Range range{start, start + mode_.geometry.nodesize};
        const std::size_t first = unit_.index_of(start);
        CopyState state = CopyState::good;
        for (u64 at = start; at < range.end; at += sectorsize()) {
            const CopyState sector = states_.at(unit_.index_of(at), mirror);
            if (sector == CopyState::unread || (sector == CopyState::unreadable && state == CopyState::good)) {
                state = sector;
            }
        }
        if (state == CopyState::good) {
            Problems problems;
            const Bytes bytes = slice(slice_start, range);
            // If it is proven, this is the checksum of all of it.
            const u64 print = first_bytes(BlockView(bytes).header().csum);
            if (is_proven(bytes, promise, print, problems)) {
                states_.set_fingerprint(first, mirror, print);
            } else {
                state = CopyState::bad;
                states_.set_problems(first, mirror, std::move(problems));
            }
        }
        states_.set(first, mirror, state);
    }

    /// A copy that is like a good one is well-formed, too.
    bool is_proven(Bytes bytes, const Promise& promise, u64 print, Problems& problems) const {
        const std::size_t index = unit_.index_of(promise.address.bytenr);
        const unsigned before = states_.first_good(index);
        const bool is_alike = before != 0 && states_.fingerprint(index, before) == print;
        const BlockView view(bytes);
        return check_header(view, mode_.geometry, promise, problems) &&
               (is_alike || check_structure(view, mode_.geometry, promise, problems));
    }

    const VerifyMode& mode_;
    const VerifyUnit& unit_;
    const Chunk& chunk_;
    VerifyBuffer& buffer_;
    CopyStates states_;
    bool is_by_tree_;
    bool is_cut_; ///< stripes may have different fates, and runs end where stripes do
};

} // namespace

CopyStates read_copies(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer) {
    return CopyReader(mode, unit, buffer).read();
}

} // namespace btrkit::survey
