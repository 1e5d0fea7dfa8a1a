# bin/netlytics finds lib/netlytics/ by its own place.
set(private_lib ${CMAKE_INSTALL_LIBDIR}/netlytics)
set_target_properties(netlytics PROPERTIES INSTALL_RPATH "$ORIGIN/../${private_lib}")
install(TARGETS netlytics RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS netlytics_core netlytics_engine LIBRARY DESTINATION ${private_lib})
install(FILES ${CMAKE_BINARY_DIR}/libduckdb.so DESTINATION ${private_lib})
install(DIRECTORY python/netlytics DESTINATION ${private_lib}/python
  PATTERN "__pycache__" EXCLUDE)
install(DIRECTORY include/netlytics DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES docs/man/netlytics.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
configure_file(cmake/netlytics.pc.in netlytics.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/netlytics.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The Python package carries the libraries, without links: python/pyproject.toml.
foreach(library netlytics_core netlytics_engine)
  install(FILES $<TARGET_FILE:${library}> RENAME $<TARGET_SONAME_FILE_NAME:${library}>
    DESTINATION netlytics/lib COMPONENT python EXCLUDE_FROM_ALL)
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/libduckdb.so DESTINATION netlytics/lib COMPONENT python EXCLUDE_FROM_ALL)
