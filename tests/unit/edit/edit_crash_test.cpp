// SPDX-License-Identifier: MIT
// An edit of files interrupted: by the power, at any moment; by a device that fails a request. Whatever it is, the old
// filesystem stands or the new one, and undo brings the old one back.
#include "libfs/ops/edit_files/change.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/ops/interrupted_change.h"

#include <fstream>

#include <doctest/doctest.h>

namespace edit_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// A folder of the host that is put, and what is done beside it: data that is new, shared, cut and gone.
class Work {
public:
    Work() {
        std::filesystem::create_directory(folder_ / "tree");
        write("tree/large", 300'000);
        write("tree/small", 500);
        using namespace edit_files;
        add(Put{.host = folder_ / "tree", .path = "/put", .compression = {btrfs::Compression::zstd, 3}});
        add(Put{.host = folder_ / "tree/large", .path = "/" + file_name(1)});
        add(Copy{.from = "/put/large", .to = "/copy"});
        add(Truncate{.path = "/copy", .size = 70'001});
        add(Remove{.path = "/" + file_name(2)});
        add(Move{.from = "/" + file_name(3), .to = "/" + file_name(4)});
        add(SetXattr{.path = "/put", .xattr = {"user.x", "y"}});
    }

    Result<void> operator()(const Filesystem& filesystem, const WritableDevices& devices,
                            const std::string& undo_path) const {
        const auto report = edit_files::run(filesystem, devices, commands_,
                                            {.commit = {.undo_path = undo_path}, .now = {.sec = 7000}}, {});
        return report ? Result<void>{} : std::unexpected(report.error());
    }

private:
    void add(edit_files::Change change) { commands_.push_back({.change = std::move(change)}); }
    void write(const std::string& name, std::size_t bytes) const {
        std::ofstream file(folder_ / name, std::ios::binary);
        for (std::size_t i = 0; i < bytes; ++i) {
            file.put(static_cast<char>(i / 7 + i * i / 1000));
        }
    }

    TemporaryFolder folder_;
    std::vector<edit_files::Command> commands_;
};

} // namespace

TEST_CASE("edit: whenever the power goes, the filesystem is the old one or the new one") {
    const Work work;
    cut_power_of(std::cref(work));
}

TEST_CASE("edit: undo brings the old filesystem back, byte for byte in all that it refers to") {
    const Work work;
    undo_again(std::cref(work));
}

TEST_CASE("edit: whichever request fails, the old filesystem stands, or the new one") {
    const Work work;
    fail_requests_of(std::cref(work));
}

} // namespace edit_crash_test
