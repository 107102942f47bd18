// SPDX-License-Identifier: MIT
// Who has the data, beside a plain model, on random subvolumes that share blocks and extents.
#include "libfs/ops/usage/files/files.h"
#include "tests/support/effort.h"
#include "tests/unit/ops/usage/planted_files.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace usage_files_test {

using namespace btrkit;
using namespace btrkit::test;
using usage::FilesOptions;
using usage::FilesReport;
using usage::FileUse;

namespace {

/// Less than most of the planted filesystems need.
constexpr u64 small_memory_bytes = 12'000;

std::string text_of(const FileUse& use) {
    std::string text =
        fmt::format("files {} total {} exclusive {} shared {} disk {} sole {} extents {} refs {} inline {} fragments "
                    "{} in {}, {} wasted {}",
                    use.file_count, use.total_bytes, use.exclusive_bytes, use.set_shared_bytes, use.disk_bytes,
                    use.sole_disk_bytes, use.extent_count, use.ref_count, use.inline_count, use.fragment_count,
                    use.files_with_data, use.fragmented_files, use.wasted_bytes);
    for (const auto& kind : use.kinds) {
        text += fmt::format(" {}/{}/{}", kind.disk_bytes, kind.uncompressed_bytes, kind.referenced_bytes);
    }
    return text;
}

FilesReport measure(PlantedFiles& planted, const FilesOptions& options, const RunContext& context) {
    const auto opened = planted.open();
    auto report = usage::measure_files(opened.filesystem, options, context);
    REQUIRE_MESSAGE(report.has_value(), report.error().message);
    return std::move(*report);
}

using Files = std::set<std::pair<u64, u64>>;

Files files_below(const PlantedFiles& planted, const std::string& path) {
    Files files;
    for (const auto& [name, inode] : planted.paths()) {
        if (name == path || name.starts_with(path.ends_with('/') ? path : path + "/")) {
            files.emplace(btrfs::fs_tree_id, inode);
        }
    }
    return files;
}

void check_subvolumes(PlantedFiles& planted, const RunContext& context) {
    const auto report = measure(planted, {}, context);
    CHECK(report.is_complete);
    REQUIRE(report.subvolumes.size() == planted.trees().size());
    Files all;
    for (const auto& subvolume : report.subvolumes) {
        const auto files = planted.files_of(subvolume.id);
        if (!planted.is_deleted(subvolume.id)) {
            all.insert(files.begin(), files.end());
        }
        CHECK(text_of(subvolume.use) == text_of(planted.count(files)));
    }
    CHECK(text_of(report.all) == text_of(planted.count(all)));
    CHECK(report.partly_seen_extents == planted.partly_seen_count());
    CHECK(report.wasted_bytes == planted.wasted_bytes());
}

void check_paths(PlantedFiles& planted, const RunContext& context) {
    const std::vector<std::string> paths = {"/", "/a", "/a/b", "/a/b/file-2"};
    const auto report = measure(planted, {.paths = paths, .lines = true}, context);
    REQUIRE(report.paths.size() == paths.size());
    for (std::size_t i = 0; i < paths.size(); ++i) {
        CAPTURE(paths[i]);
        CHECK(text_of(report.paths[i].use) == text_of(planted.count(files_below(planted, paths[i]))));
    }
    CHECK(text_of(report.all) == text_of(report.paths[0].use));
    for (const auto& line : report.lines) {
        CAPTURE(line.path);
        const auto use = planted.count(files_below(planted, line.path));
        CHECK(line.total_bytes == use.total_bytes);
        CHECK(line.exclusive_bytes == use.exclusive_bytes);
    }
}

} // namespace

TEST_CASE("usage of files is what a plain model counts, whatever threads and memory there are") {
    const unsigned count = rounds(60, 2000);
    for (unsigned seed = 1; seed <= count; ++seed) {
        CAPTURE(seed);
        PlantedFiles planted(seed);
        RunContext context{.parallelism = {.threads = 1 + seed % 2}};
        check_subvolumes(planted, context);
        check_paths(planted, context);
        context.memory_bytes = small_memory_bytes; // references in many windows, blocks that come again are read again
        check_subvolumes(planted, context);
        check_paths(planted, context);
    }
}

TEST_CASE("usage of files: with little memory the leaves are read several times") {
    unsigned several = 0;
    for (unsigned seed = 1; seed <= 20; ++seed) {
        PlantedFiles planted(seed);
        CHECK(measure(planted, {}, {}).pass_count == 1);
        several += measure(planted, {}, {.memory_bytes = small_memory_bytes}).pass_count > 1 ? 1 : 0;
    }
    CHECK(several > 5);
}

TEST_CASE("usage of files: the worst files, by path") {
    PlantedFiles planted(5);
    const auto report = measure(planted, {.most_worst = 3}, {});
    REQUIRE(report.most_fragmented.size() == 3);
    u64 most = 0;
    for (const auto& [id, tree] : planted.trees()) {
        for (const auto& [inode, file] : tree) {
            most = std::max(most, planted.count({{id, inode}}).fragment_count);
        }
    }
    CHECK(report.most_fragmented[0].fragment_count == most);
    CHECK(report.most_fragmented[0].fragment_count >= report.most_fragmented[1].fragment_count);
    CHECK(report.most_fragmented[0].path.find("file-") != std::string::npos);
    CHECK(measure(planted, {.most_worst = 0}, {}).most_fragmented.empty());
}

TEST_CASE("usage of files: a path that is not there, and one that is no file") {
    PlantedFiles planted(1);
    const auto opened = planted.open();
    const auto missing = usage::measure_files(opened.filesystem, {.paths = {"/a/none"}}, {});
    REQUIRE(!missing.has_value());
    CHECK(missing.error().kind == ErrorKind::not_found);
}

TEST_CASE("usage of files: what is lost is told, and the rest is counted") {
    TinyFilesystem tiny;
    const auto whole = usage::measure_files(open_filesystem(tiny).filesystem, {}, {});
    REQUIRE(whole.has_value());
    CHECK(whole->is_complete);
    const auto& top = tiny.tree(btrfs::fs_tree_id);
    tiny.image.spoil(blocks_in_order(top, WalkOrder::leaves_only).back()->address());
    std::vector<Problem> told;
    RunContext context{.problems = [&](const Problem& problem) { told.push_back(problem); }};
    const auto report = usage::measure_files(open_filesystem(tiny).filesystem, {}, context);
    REQUIRE(report.has_value());
    CHECK_FALSE(report->is_complete);
    CHECK(report->lost_block_count == 1);
    CHECK(told.size() == 1);
    CHECK(report->all.file_count < whole->all.file_count);
    CHECK(report->all.file_count > whole->all.file_count / 2);
}

} // namespace usage_files_test
