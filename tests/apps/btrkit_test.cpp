// SPDX-License-Identifier: MIT
#include "apps/btrkit/btrkit.h"

#include "tests/apps/tool_run.h"

#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

namespace btrkit_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

const std::vector<std::string> all_tools = {"cat",       "check",   "defragment", "diff",    "dump-image", "dump-super",
                                            "dump-tree", "edit",    "extract",    "find",    "info",       "ls",
                                            "mkfs",      "receive", "resize",     "resolve", "scrub",      "send",
                                            "stat",      "stream",  "subvolume",  "tune",    "undo",       "usage"};

/// A folder with executables of these tools in it, and a note of what was started.
class FakeTools {
public:
    explicit FakeTools(const std::vector<std::string>& tools = {"check"}) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
        for (const auto& tool : tools) {
            const auto path = folder_ + "/btrkit-" + tool;
            std::ofstream(path) << "";
            std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        }
    }
    ~FakeTools() { std::filesystem::remove_all(folder_); }

    ToolRun run(const std::vector<std::string>& arguments) {
        StringSink out;
        StringSink err;
        apps::Io io{.out = out, .err = err};
        const auto become = [&](const std::string& path, const std::vector<std::string>& with) {
            started_ = with;
            started_.insert(started_.begin(), path);
            return Error{ErrorKind::not_found, path + ": not started in tests"};
        };
        const int status = apps::run_btrkit(arguments, io, {.folder = folder_, .become = become});
        return {status, out.text(), err.text()};
    }
    const std::string& folder() const { return folder_; }
    const std::vector<std::string>& started() const { return started_; }

private:
    TempFile name_;
    std::string folder_ = name_.path() + ".d";
    std::vector<std::string> started_;
};

} // namespace

TEST_CASE("btrkit lists the tools that are there") {
    FakeTools tools;
    for (const auto& arguments : {std::vector<std::string>{}, {"--help"}}) {
        const auto list = tools.run(arguments);
        CHECK(list.status == 0);
        CHECK(contains(list.out, "\n  check "));
        CHECK_FALSE(contains(list.out, "\n  scrub "));
        CHECK(tools.started().empty());
    }
    CHECK(tools.run({"--version"}).out.starts_with("btrkit 0."));
}

TEST_CASE("the list of all tools fits a screen") {
    FakeTools tools(all_tools);
    const auto list = tools.run({}).out;
    CHECK(count_of(list, "\n") <= 24);
    std::istringstream stream(list);
    std::string names;
    for (std::string line; std::getline(stream, line);) {
        CHECK_MESSAGE(line.size() < 80, line);
        names += line.substr(0, 24) + ",";
    }
    for (const auto& tool : all_tools) {
        CHECK_MESSAGE((contains(names, " " + tool + " ") || contains(names, " " + tool + ",")), tool);
    }
}

TEST_CASE("btrkit runs a tool with all its arguments") {
    FakeTools tools;
    const auto run = tools.run({"check", "--help", "--", "-x", "image"});
    CHECK(tools.started() ==
          std::vector<std::string>{tools.folder() + "/btrkit-check", "btrkit-check", "--help", "--", "-x", "image"});
    CHECK(run.status == 1);
    CHECK(contains(run.err, "btrkit: " + tools.folder() + "/btrkit-check: not started"));
}

TEST_CASE("btrkit help") {
    FakeTools tools;
    CHECK(tools.run({"help"}).out == tools.run({}).out);
    CHECK(tools.run({"help", "check"}).status == 1); // nothing is started in tests
    CHECK(tools.started() == std::vector<std::string>{tools.folder() + "/btrkit-check", "btrkit-check", "--help"});
    CHECK(tools.run({"help", "check", "send"}).status == 2);
    CHECK(contains(tools.run({"help", "chekc"}).err, "did you mean 'check'?"));
}

TEST_CASE("btrkit refuses what is no tool") {
    FakeTools tools;
    for (const auto* verb : {"chek", "../check", "", "--nonsense"}) {
        const auto run = tools.run({verb});
        CHECK(run.status == 2);
        CHECK(run.out.empty());
        CHECK(run.err.starts_with("btrkit: "));
        CHECK(count_of(run.err, "\n") == 1);
        CHECK(tools.started().empty());
    }
}

} // namespace btrkit_test
