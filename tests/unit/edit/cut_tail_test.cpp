// SPDX-License-Identifier: MIT
// What a file that is cut leaves on the devices: its last sector holds zeros behind its end, as kernels leave it,
// whoever reads the extent by other ways than the file.
#include "libfs/fs/file_extents.h"
#include "tests/unit/edit/edit_bench.h"

#include <doctest/doctest.h>

namespace cut_tail_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

bool are_zeros(Bytes bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

} // namespace

TEST_CASE("Behind the end of a file that was cut stand zeros, and it grows with zeros") {
    const auto bench = empty_bench();
    constexpr u64 cut_size = 9000;
    {
        Edit edit(bench);
        must(edit.data.write(edit.make("file", 0100644), 0, std::vector<std::byte>(20'000, std::byte{'x'})));
        edit.commit();
    }
    {
        Edit edit(bench);
        must(edit.data.resize(must(edit.files.directories().find("/file")), cut_size));
        edit.commit();
    }
    const auto filesystem = bench.open();
    const auto place = must(find_path(filesystem, "/file"));
    FileExtents extents(filesystem, place, must(read_inode(filesystem, place)));
    std::optional<FileExtent> last;
    while (const auto extent = must(extents.next())) {
        last = extent;
    }
    REQUIRE(last);
    const u64 sector_start = round_down(cut_size, u64{4096});
    std::vector<std::byte> sector(4096);
    must(filesystem.read_data({last->disk.bytenr + last->offset_in_extent + (sector_start - last->offset)}, sector, 1));
    CHECK(sector[cut_size - sector_start - 1] == std::byte{'x'});
    CHECK(are_zeros(Bytes(sector).subspan(cut_size - sector_start)));

    Edit edit(bench);
    const PlaceInTree file = must(edit.files.directories().find("/file"));
    must(edit.data.resize(file, 12'000));
    std::vector<std::byte> read(12'000);
    must(edit.data.read(file, 0, read));
    CHECK(are_zeros(Bytes(read).subspan(cut_size)));
}

} // namespace cut_tail_test
