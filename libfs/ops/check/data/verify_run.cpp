// SPDX-License-Identifier: MIT
#include "libfs/ops/check/data/verify_run.h"

#include "libfs/base/checksum.h"
#include "libfs/volume/stripe_map.h"

#include <cstring>

namespace btrkit::check {

namespace {

class Verifier {
public:
    Verifier(const Filesystem& filesystem, const DataRun& run, MutableBytes buffer)
        : filesystem_(filesystem), geometry_(filesystem.geometry()), run_(run), buffer_(buffer) {}

    std::vector<BadData> verify() {
        if (filesystem_.read_data(run_.start, buffer_.first(run_.length_bytes), run_.mirror)) {
            compare(0, run_.length_bytes);
        } else {
            verify_pieces();
        }
        return std::move(bad_);
    }

private:
    /// Where a stripe ends another device begins, of which other things may be true.
    void verify_pieces() {
        for (u64 offset = 0; offset < run_.length_bytes;) {
            const u64 rest = run_.length_bytes - offset;
            const u64 length =
                std::max<u64>(map_stripe(*run_.chunk, run_.start + offset, rest, run_.mirror).length, sectorsize());
            verify_piece(offset, std::min(length, rest));
            offset += length;
        }
    }

    void verify_piece(u64 offset, u64 length) {
        const auto done = read(offset, length);
        if (done) {
            compare(offset, length);
        } else if (done.error().kind != ErrorKind::missing_device) {
            for (u64 at = offset; at < offset + length; at += sectorsize()) {
                verify_sector(at);
            }
        }
    }

    void verify_sector(u64 offset) {
        const auto done = read(offset, sectorsize());
        if (done) {
            compare(offset, sectorsize());
        } else if (done.error().kind != ErrorKind::missing_device) {
            add(offset, {.is_readable = false});
        }
    }

    Result<void> read(u64 offset, u64 length) {
        return filesystem_.read_data(run_.start + offset, buffer_.subspan(offset, length), run_.mirror);
    }

    void compare(u64 offset, u64 length) {
        for (u64 at = offset; at < offset + length; at += sectorsize()) {
            const auto computed = checksum(geometry_.csum_type, buffer_.subspan(at, sectorsize()));
            if (!is_stored(at, computed)) {
                add(at, {.is_readable = true, .computed = computed});
            }
        }
    }

    Bytes stored(u64 offset) const {
        const std::size_t size = geometry_.csum_size_bytes;
        return Bytes(run_.checksums).subspan(offset / sectorsize() * size, size);
    }
    bool is_stored(u64 offset, const btrfs::CsumBytes& computed) const {
        const Bytes wanted = stored(offset);
        return std::memcmp(wanted.data(), computed.data(), wanted.size()) == 0;
    }

    bool has_good_copy(u64 offset) const {
        std::vector<std::byte> sector(sectorsize());
        for (unsigned mirror = 1; mirror <= mirror_count(*run_.chunk); ++mirror) {
            if (mirror != run_.mirror && filesystem_.read_data(run_.start + offset, sector, mirror) &&
                is_stored(offset, checksum(geometry_.csum_type, sector))) {
                return true;
            }
        }
        return false;
    }

    void add(u64 offset, BadData bad) {
        bad.start = run_.start.bytenr + offset;
        bad.end = bad.start + sectorsize();
        bad.has_good_copy = has_good_copy(offset);
        std::memcpy(bad.stored.data(), stored(offset).data(), stored(offset).size());
        if (!bad_.empty() && bad.continues(bad_.back())) {
            bad_.back().end = bad.end;
        } else {
            bad_.push_back(bad);
        }
    }

    u64 sectorsize() const { return geometry_.sectorsize; }

    const Filesystem& filesystem_;
    const Geometry& geometry_;
    const DataRun& run_;
    MutableBytes buffer_;
    std::vector<BadData> bad_;
};

} // namespace

std::vector<BadData> verify_run(const Filesystem& filesystem, const DataRun& run, MutableBytes buffer) {
    return Verifier(filesystem, run, buffer).verify();
}

} // namespace btrkit::check
