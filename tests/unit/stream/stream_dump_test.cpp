// SPDX-License-Identifier: MIT
// Streams as text, against what btrfs-progs 6.2 printed of the same streams, but where docs of StreamDump say
// otherwise.
#include "libfs/stream/stream_dump.h"

#include "tests/unit/stream/stream_builder.h"

#include <cstdlib>
#include <ctime>

namespace stream_dump_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

/// The line of one command, behind that of its subvolume.
std::string line_of(u32 version, C which, const std::string& payload) {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    const auto subvol = attribute(A::path, "sv") + attribute(A::uuid, std::string(16, '\1')) + integer(A::ctransid, 5);
    const auto stream = header_of(version) + command(C::subvol, subvol) + command(which, payload) + command(C::end, "");
    StringSink out;
    const auto done = dump_streams(source_of(stream), out);
    REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
    constexpr std::string_view first =
        "subvol          ./sv                            uuid=01010101-0101-0101-0101-010101010101 transid=5\n";
    REQUIRE(out.text().starts_with(first));
    return out.text().substr(first.size());
}

std::string path(std::string_view text) {
    return attribute(A::path, text);
}
std::string word(A which, u32 value) {
    return attribute(which, raw(btrfs::le32{value}));
}
std::string time(A which, u64 seconds) {
    return attribute(which, raw(btrfs::Timespec{seconds, 5}));
}

TEST_CASE("paths are under their subvolume, padded, and alone where there is nothing to add") {
    CHECK(line_of(1, C::mkfile, path("a/b") + integer(A::ino, 9)) == "mkfile          ./sv/a/b\n");
    CHECK(line_of(1, C::chmod, path("") + integer(A::mode, 0755)) ==
          "chmod           ./sv/                           mode=755\n");
    CHECK(line_of(1, C::chmod, path(std::string(26, 'l')) + integer(A::mode, 0755)) ==
          "chmod           ./sv/llllllllllllllllllllllllll mode=755\n");
    CHECK(line_of(1, C::chmod, path(std::string(40, 'l')) + integer(A::mode, 0755)) ==
          "chmod           ./sv/llllllllllllllllllllllllllllllllllllllll mode=755\n");
    CHECK(line_of(1, C::rename, path("a") + attribute(A::path_to, "b")) ==
          "rename          ./sv/a                          dest=./sv/b\n");
    CHECK(line_of(1, C::link, path("a") + attribute(A::path_link, "b")) ==
          "link            ./sv/a                          dest=b\n");
    CHECK(line_of(1, C::snapshot,
                  path("s n") + attribute(A::uuid, std::string(16, '\2')) + integer(A::ctransid, 6) +
                      attribute(A::clone_uuid, std::string(16, '\3')) + integer(A::clone_ctransid, 7)) ==
          "snapshot        ./s\\ n                          uuid=02020202-0202-0202-0202-020202020202 transid=6 "
          "parent_uuid=03030303-0303-0303-0303-030303030303 parent_transid=7\n");
}

TEST_CASE("nothing from a stream reaches the terminal as it is") {
    const std::string name = "a b\\\n\x1b\xc3";
    const std::string shown = R"(a\ b\\\n\e\303)";
    CHECK(line_of(1, C::unlink, path(name)) == "unlink          ./sv/" + shown + "\n");
    CHECK(line_of(1, C::set_xattr, path(name) + attribute(A::xattr_name, name) + attribute(A::xattr_data, name)) ==
          "set_xattr       ./sv/" + shown + std::string(13, ' ') + "name=" + shown + " data=" + shown + " len=7\n");
    CHECK(line_of(1, C::clone,
                  integer(A::file_offset, 1) + integer(A::clone_len, 2) + path("f") +
                      attribute(A::clone_uuid, std::string(16, '\3')) + integer(A::clone_ctransid, 7) +
                      attribute(A::clone_path, name) + integer(A::clone_offset, ~u64{0})) ==
          "clone           ./sv/f                          offset=1 len=2 from=./sv/" + shown +
              " clone_offset=18446744073709551615\n");
}

TEST_CASE("values") {
    CHECK(line_of(1, C::mknod, path("n") + integer(A::ino, 9) + integer(A::rdev, 0x12345) + integer(A::mode, 020644)) ==
          "mknod           ./sv/n                          mode=20644 dev=0x12345\n");
    CHECK(line_of(1, C::chown, path("x") + integer(A::uid, 1) + integer(A::gid, 2)) ==
          "chown           ./sv/x                          gid=2 uid=1\n");
    CHECK(
        line_of(1, C::utimes, path("x") + time(A::atime, ~u64{4}) + time(A::mtime, 1) + time(A::ctime, u64{1} << 62)) ==
        "utimes          ./sv/x                          atime=1969-12-31T23:59:55+0000 "
        "mtime=1970-01-01T00:00:01+0000 ctime=@4611686018427387904\n");
    const auto offset = integer(A::file_offset, 1);
    CHECK(line_of(1, C::write, path("x") + offset + attribute(A::data, "abc")) ==
          "write           ./sv/x                          offset=1 len=3\n");
    CHECK(line_of(1, C::update_extent, path("x") + offset + integer(A::size, 9)) ==
          "update_extent   ./sv/x                          offset=1 len=9\n");
    CHECK(line_of(2, C::fallocate, path("x") + word(A::fallocate_mode, 3) + offset + integer(A::size, 9)) ==
          "fallocate       ./sv/x                          mode=3 offset=1 len=9\n");
    CHECK(line_of(2, C::fileattr, path("x") + integer(A::fileattr, 0x1f)) ==
          "fileattr        ./sv/x                          fileattr=0x1f\n");
    CHECK(line_of(2, C::encoded_write,
                  path("x") + offset + integer(A::unencoded_file_len, 2) + integer(A::unencoded_len, 3) +
                      integer(A::unencoded_offset, 4) + word(A::compression, 2) + data_without_length("abc")) ==
          "encoded_write   ./sv/x                          offset=1 len=3, unencoded_file_len=2, unencoded_len=3, "
          "unencoded_offset=4, compression=2, encryption=0\n");
}

TEST_CASE("every command but end has a line, and what comes before damage is shown") {
    const auto stream = every_command(3);
    StringSink whole;
    REQUIRE(dump_streams(source_of(stream), whole));
    CHECK(std::ranges::count(whole.text(), '\n') == std::ssize(send::commands) - 1);

    StringSink part;
    const auto done = dump_streams(source_of(std::string_view(stream).substr(0, stream.size() - 1)), part);
    REQUIRE(!done);
    CHECK(done.error().message.contains("cut off within"));
    CHECK(part.text() == whole.text());
}

} // namespace

} // namespace stream_dump_test
